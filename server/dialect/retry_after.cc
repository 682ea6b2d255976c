#include "server/dialect/retry_after.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace sluice::dialect {
namespace {

std::optional<double> ParseDelay(absl::string_view value) {
  double number;
  if (!absl::SimpleAtod(value, &number) || !std::isfinite(number) || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<absl::Duration> ParseRetryAfterMs(absl::string_view value) {
  const auto milliseconds = ParseDelay(value);
  return milliseconds ? std::optional(absl::Milliseconds(*milliseconds)) : std::nullopt;
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view value, absl::Time now) {
  if (const auto seconds = ParseDelay(value)) return absl::Seconds(*seconds);
  const std::string text(absl::StripAsciiWhitespace(value));
  // RFC 9110 5.6.7: the form of today, and the two old ones that a recipient must take.
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    absl::Time date;
    std::string ignored;
    if (absl::ParseTime(format, text, &date, &ignored)) return std::max(date - now, absl::ZeroDuration());
  }
  return std::nullopt;
}

}  // namespace sluice::dialect
