#include "server/dialect/json_object.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/dialect/stream_errors.h"

namespace sluice::dialect {

bool IsJsonObject(absl::string_view text) {
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{")) return false;
  json::Tape& tape = TapeOfThread();
  return tape.Parse(text, {.max_bytes = text.size()}) == json::Tape::Result::kOk && tape.root().is_object();
}

}  // namespace sluice::dialect
