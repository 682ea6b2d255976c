#ifndef SLUICE_SERVER_CHAT_ERROR_H_
#define SLUICE_SERVER_CHAT_ERROR_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace sluice::chat {

// Why a call failed. Every edge maps these, and nothing else, to its own status codes.
enum class ErrorKind {
  // The caller's request, refused by us before anything went upstream.
  kBadRequest,       // violations say which fields
  kNoRoute,          // no route serves the model
  kRequestTooLarge,  // above one of our limits; Error::limit names it
  // What the upstream answered.
  kInvalidRequest,
  kContextLength,
  kContentFilter,
  kAuthentication,
  kCallerKey,  // a key that the caller sent for this call is refused, or may not do this
  kPermission,
  kQuota,
  kNotFound,
  kRateLimit,
  kOverloaded,
  kServerError,
  kTimeout,      // stage says which timer
  kUnreachable,  // resolve, connect or TLS failed
  kMalformed,
  kTruncated,
  kNotSse,
  kTooLarge,  // a line or event above our cap
  // Our own side.
  kTooManyCalls,    // limits.open_calls is reached, and no place became free in time
  kAnswerTooLarge,  // a gathered answer above limits.complete_bytes
  kPoolTimeout,     // no connection became free in time
  kCallerStalled,   // the caller did not read
  kDeadline,        // the caller's deadline passed
  kCancelled,       // the caller left
  kDraining,        // the gateway is shutting down
  kInternal,
};

// The canonical lower-case word of a kind, as metrics and log lines show it ("rate_limit").
const char* ErrorKindName(ErrorKind kind);

struct FieldViolation {
  std::string field;        // path as in the contract: "messages[3].content"
  std::string description;  // what is wrong and what is allowed
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  // Says what happened and what to change; made of our own words. The provider's text goes into provider_message,
  // which leaves the gateway only where the configuration allows it (it can echo the prompt).
  std::string message;
  std::vector<FieldViolation> violations;

  std::string upstream;  // the configuration's name for it; "" when none was asked
  std::string model;     // as the upstream was asked for it
  int http_status = 0;   // 0: none was received
  std::string provider_code;
  std::string provider_type;
  std::string provider_message;
  std::string request_id;       // the provider's
  std::string stage;            // timers and transport: "pool", "connect", "tls", "send", "first_byte", ...
  std::string limit;            // the configuration's name of our own limit that was reached: "limits.open_calls"
  int attempts = 0;             // how often an upstream was asked
  bool of_callers_key = false;  // the upstream judged a key that the caller had sent
  std::optional<absl::Duration> retry_after;
  // What the upstream itself says about asking again (OpenAI's x-should-retry header); it knows better than a table.
  std::optional<bool> should_retry;
};

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_ERROR_H_
