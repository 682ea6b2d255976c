#ifndef SLUICE_SERVER_EDGE_GRPC_REQUEST_FROM_PROTO_H_
#define SLUICE_SERVER_EDGE_GRPC_REQUEST_FROM_PROTO_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "server/chat/error.h"
#include "server/chat/request.h"
#include "sluice/v1/chat_request.pb.h"

namespace sluice::edge {

// Takes the contract's request apart into the plain one; texts are moved, not copied, and maps come in order of their
// keys. What this build does not know (an enum value or a field of a newer contract) is added to `violations` by its
// path: nothing that a caller set is dropped in silence. What is required and absent stays so in the plain request, for
// chat::Validate to refuse.
chat::Request RequestFromProto(v1::ChatRequest* proto, std::vector<chat::FieldViolation>* violations);

// How often the caller wants to hear that its stream is alive; a value out of range is a violation.
std::optional<absl::Duration> HeartbeatInterval(const v1::ChatRequest& proto,
                                                std::vector<chat::FieldViolation>* violations);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_REQUEST_FROM_PROTO_H_
