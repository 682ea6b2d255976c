#include "server/chat/checker.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"

namespace sluice::chat {
namespace {

constexpr size_t kMaxName = 64;

// All digits that tell the value from its neighbours: "2.0000001", where six digits would print the allowed "2".
std::string Exact(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end.ptr);
}

bool IsNameCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

}  // namespace

void Checker::Range(absl::string_view field, std::optional<double> value, int low, int high) {
  if (!value || (std::isfinite(*value) && *value >= low && *value <= high)) return;
  const char* const number = std::isfinite(*value) ? "a number" : "a finite number";
  Add(std::string(field),
      absl::StrCat("must be ", number, " from ", low, " to ", high, "; ", Exact(*value), " was given"));
}

void Checker::Range(absl::string_view field, std::optional<int32_t> value, int32_t low, int32_t high) {
  if (!value || (*value >= low && *value <= high)) return;
  Add(std::string(field), absl::StrCat("must be an integer from ", low, " to ", high, "; ", *value, " was given"));
}

void Checker::AtMost(absl::string_view field, absl::string_view text, size_t most) {
  const size_t length = Utf8Length(text);
  if (length <= most) return;
  Add(std::string(field), absl::StrCat("may have at most ", most, " characters; ", length, " were given"));
}

void Checker::Name(absl::string_view field, absl::string_view name) {
  if (!name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), IsNameCharacter)) return;
  Add(std::string(field), absl::StrCat("must be 1 to ", kMaxName, " of A-Z a-z 0-9 _ -"));
}

}  // namespace sluice::chat
