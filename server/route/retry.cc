#include "server/route/retry.h"

#include <algorithm>

namespace sluice::route {
namespace {

using chat::ErrorKind;

// Whether failures of this kind pass by themselves. Every kind stands here, so that the compiler asks about a new one.
bool MayPass(const chat::Error& error, bool malformed_before) {
  switch (error.kind) {
    case ErrorKind::kRateLimit:
    case ErrorKind::kOverloaded:
    case ErrorKind::kServerError:
    case ErrorKind::kUnreachable:
    case ErrorKind::kTruncated:
    case ErrorKind::kNotSse:
      return true;
    case ErrorKind::kTimeout:
      return error.stage != "total";  // the whole call's own: no time is left
    case ErrorKind::kMalformed:
      return !malformed_before;
    case ErrorKind::kBadRequest:
    case ErrorKind::kNoRoute:
    case ErrorKind::kRequestTooLarge:
    case ErrorKind::kInvalidRequest:
    case ErrorKind::kContextLength:
    case ErrorKind::kContentFilter:
    case ErrorKind::kAuthentication:
    case ErrorKind::kCallerKey:
    case ErrorKind::kPermission:
    case ErrorKind::kQuota:
    case ErrorKind::kNotFound:
    case ErrorKind::kTooLarge:
    case ErrorKind::kTooManyCalls:
    case ErrorKind::kAnswerTooLarge:
    case ErrorKind::kPoolTimeout:  // it has waited for its turn already; another wait makes the queue longer
    case ErrorKind::kCallerStalled:
    case ErrorKind::kDeadline:
    case ErrorKind::kCancelled:
    case ErrorKind::kDraining:
    case ErrorKind::kInternal:
      return false;
  }
  return false;
}

}  // namespace

bool IsRetryable(const chat::Error& error, bool malformed_before) {
  if (error.kind == ErrorKind::kQuota) return false;
  return error.should_retry.value_or(MayPass(error, malformed_before));
}

std::optional<absl::Duration> RetryDelay(const RetryPolicy& policy, const chat::Error& error, int failed,
                                         absl::Duration time_left, Random& random) {
  const absl::Duration asked = error.retry_after.value_or(absl::ZeroDuration());
  if (failed >= policy.attempts || asked > kLongestRetryAfter) return std::nullopt;
  absl::Duration longest = policy.base;
  for (int i = 1; i < failed && longest < policy.cap; ++i) longest *= 2;
  const absl::Duration delay = asked + std::min(longest, policy.cap) * random.Uniform();
  if (delay >= time_left) return std::nullopt;
  return delay;
}

}  // namespace sluice::route
