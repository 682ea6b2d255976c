#ifndef SLUICE_TESTS_UNIT_TELEMETRY_LOG_LINE_H_
#define SLUICE_TESTS_UNIT_TELEMETRY_LOG_LINE_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::telemetry {

// Reads a log line back, strictly by RFC 8259: one flat object, nothing after it, no raw control character, valid
// UTF-8, no name twice. Member name -> its text; for what is not a string, the token as it stands ("7", "true",
// "null"). Nothing when the line is not such an object.
std::optional<std::map<std::string, std::string>> ReadLogLine(absl::string_view line);

}  // namespace sluice::telemetry

#endif  // SLUICE_TESTS_UNIT_TELEMETRY_LOG_LINE_H_
