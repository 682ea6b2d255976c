#ifndef SLUICE_SERVER_ROUTE_RETRY_H_
#define SLUICE_SERVER_ROUTE_RETRY_H_

#include <optional>

#include "absl/time/time.h"
#include "server/base/random.h"
#include "server/chat/error.h"

namespace sluice::route {

struct RetryPolicy {
  int attempts = 3;                               // in all, the first included; 1 switches retries off
  absl::Duration base = absl::Milliseconds(250);  // the longest wait before the second attempt; doubles each time
  absl::Duration cap = absl::Seconds(8);          // ... up to this
};

// An upstream that asks for a longer wait gets no retry; its caller is told the delay instead.
inline constexpr absl::Duration kLongestRetryAfter = absl::Seconds(60);

// Whether another attempt may help, as far as the failure tells. For failures before the first output only: after it
// nothing is ever sent again. What the upstream itself says (should_retry) wins over the kind, except that money that
// is used up comes back by no retry. `malformed_before`: an earlier attempt of this call was malformed too, and a
// second one shows that it is no accident.
bool IsRetryable(const chat::Error& error, bool malformed_before);

// How long to wait before the next attempt when `failed` attempts (1 or more) have failed, the last with `error`: full
// jitter over an exponential backoff, on top of what the upstream asked for. Nothing where another attempt is not to be
// made: the attempts are used up, the upstream asks for more than kLongestRetryAfter, or the wait would not end before
// `time_left` is over.
std::optional<absl::Duration> RetryDelay(const RetryPolicy& policy, const chat::Error& error, int failed,
                                         absl::Duration time_left, Random& random);

}  // namespace sluice::route

#endif  // SLUICE_SERVER_ROUTE_RETRY_H_
