#include "server/dialect/gemini/bare_json.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::dialect::gemini {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10;

// `"error":` at the end of a line comes without its colon, and as `"error"` does: one is a member's name, the other an
// element of an array. Only a name is written on a line of its own by those who print like this.
bool IsLoneName(absl::string_view line) {
  return line.size() >= 2 && absl::StartsWith(line, "\"") && absl::EndsWith(line, "\"");
}

}  // namespace

bool BareJson::Add(absl::string_view name, absl::string_view value) {
  if (complete_) *this = BareJson();
  name = absl::StripAsciiWhitespace(name);
  const bool begins = absl::StartsWith(name, "{") || absl::StartsWith(name, "[");
  if (depth_ == 0 && !begins) return false;
  const size_t before = text_.size();
  absl::StrAppend(&text_, name, value.empty() && !IsLoneName(name) ? "" : ":", value, "\n");
  if (text_.size() > kMaxBytes) {
    *this = BareJson();
    return false;
  }
  Count(absl::string_view(text_).substr(before));
  complete_ = depth_ == 0;
  return complete_;
}

void BareJson::Count(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string_) {
      if (c == '\\') ++i;
      in_string_ = c != '"';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
    }
  }
  in_string_ = false;  // no string of JSON goes on into the next line
}

}  // namespace sluice::dialect::gemini
