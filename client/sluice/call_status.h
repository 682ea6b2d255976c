#ifndef SLUICE_CLIENT_SLUICE_CALL_STATUS_H_
#define SLUICE_CLIENT_SLUICE_CALL_STATUS_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/v1/chat.pb.h"

namespace sluice {

// How a call ended: the gRPC code and message, and what the gateway put into the status details. chat.proto lists the
// reasons. Decide by code and reason; the message is for people.
struct CallStatus {
  struct Violation {
    std::string field;        // path in the request, such as "messages[3].content"
    std::string description;  // what is wrong and what is allowed
  };

  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;

  // ErrorInfo. All three are empty when the failure did not come from a gateway: then the connection itself failed, the
  // deadline passed on this side, or something in between answered.
  std::string reason;  // "RATE_LIMITED"
  std::string domain;  // "sluice"
  std::map<std::string, std::string> metadata;

  // RetryInfo: wait at least this long before the next try. Absent: nothing is known.
  std::optional<std::chrono::nanoseconds> retry_delay;

  // BadRequest, in the order of the request's fields.
  std::vector<Violation> violations;

  // Of Complete: what an answer that broke has used. A stream tells it in an event.
  std::optional<v1::Usage> usage;

  bool ok() const { return code == grpc::StatusCode::OK; }

  // "UNAVAILABLE (UPSTREAM_TIMEOUT): message", without the details that follow.
  std::string ToString() const;
};

// The code's name as gRPC spells it: "INVALID_ARGUMENT"; "CODE_20" for a number that gRPC does not define.
std::string CodeName(grpc::StatusCode code);

// Reads grpc-status-details-bin. Details that are missing, unknown or malformed are left out; code and message stay.
CallStatus DecodeStatus(const grpc::Status& status);

}  // namespace sluice

#endif  // SLUICE_CLIENT_SLUICE_CALL_STATUS_H_
