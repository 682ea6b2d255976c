#ifndef SLUICE_SERVER_DIALECT_RETRY_AFTER_H_
#define SLUICE_SERVER_DIALECT_RETRY_AFTER_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::dialect {

// The delay that a header asks for; nothing if its value makes no sense (empty, negative, not a number).

// `retry-after-ms`: milliseconds, fractions allowed.
std::optional<absl::Duration> ParseRetryAfterMs(absl::string_view value);

// `retry-after` (RFC 9110 10.2.3): seconds, fractions tolerated, or an HTTP date; a date that has passed is no delay.
std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_RETRY_AFTER_H_
