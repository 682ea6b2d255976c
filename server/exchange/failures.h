#ifndef SLUICE_SERVER_EXCHANGE_FAILURES_H_
#define SLUICE_SERVER_EXCHANGE_FAILURES_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/chat/error.h"
#include "server/upstream/client.h"

namespace sluice::exchange {

// The errors that the exchange itself finds. Each message says what to change.
chat::Error BadRequest(std::vector<chat::FieldViolation> violations);
// The request is as the contract wants it, but this upstream cannot be asked it.
chat::Error DoesNotFit(std::vector<chat::FieldViolation> violations);
// `limit` is the configuration's name of it, `unit` what it counts.
chat::Error AboveLimit(absl::string_view limit, size_t most, absl::string_view unit, size_t actual);
chat::Error TooManyCalls(bool line_full, absl::Duration waited);
chat::Error AnswerTooLarge(size_t most);
chat::Error NoRoute(absl::string_view model);
chat::Error TransportFailure(const upstream::Result& result, bool answered);
chat::Error TimerFired(absl::string_view stage, absl::Duration limit);
chat::Error DeadlinePassed();
chat::Error CallerStalled(absl::Duration limit);
chat::Error Draining(absl::Duration limit);
chat::Error Compressed(absl::string_view coding);  // of a reply that was to come as it is
// About the key that a caller may send for the upstream.
chat::Error UpstreamKeyNotTaken();
chat::Error UpstreamKeyMissing();
// Whether a provider's word is a name or a code. Some put a sentence there, and a sentence can echo the prompt or the
// key.
bool IsName(absl::string_view text);
// What an upstream says of a key and its account is the caller's matter where the caller sent the key.
void BlameCallersKey(chat::Error* error);
chat::Error Redirected(int status, absl::string_view location);

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_FAILURES_H_
