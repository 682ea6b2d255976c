#ifndef SLUICE_SERVER_CHAT_STATUS_H_
#define SLUICE_SERVER_CHAT_STATUS_H_

#include "absl/status/status.h"
#include "server/chat/error.h"

namespace sluice::chat {

// What a kind of error is to the caller: the canonical code (gRPC's numbers) and ErrorInfo.reason. The one table that
// every edge, metric and log line goes by. Our own key refused upstream is INTERNAL, not UNAUTHENTICATED: the
// caller's credentials were fine, and UNAVAILABLE would invite retries that cannot help.
absl::StatusCode CanonicalCode(ErrorKind kind);
const char* Reason(ErrorKind kind);
// Whether the caller alone could have done otherwise: a wrong, too large or forbidden request, a key or a deadline of
// its own, a hang-up. What remains counts against the gateway's objective.
bool IsCallersFault(const Error& error);
// The kind's word as metrics and traces have it: "caller_key" whatever an upstream says of a key that the caller sent.
const char* CauseName(const Error& error);

// "OK", "UNAVAILABLE": the code's name as gRPC spells it.
const char* CodeName(absl::StatusCode code);

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_STATUS_H_
