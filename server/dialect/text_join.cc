#include "server/dialect/text_join.h"

#include <utility>

namespace sluice::dialect {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void AppendPair(uint16_t high, uint16_t low, std::string& out) {
  const uint32_t point = 0x10000u + ((high - 0xD800u) << 10) + (low - 0xDC00u);
  out.push_back(static_cast<char>(0xF0u | (point >> 18)));
  out.push_back(static_cast<char>(0x80u | ((point >> 12) & 0x3Fu)));
  out.push_back(static_cast<char>(0x80u | ((point >> 6) & 0x3Fu)));
  out.push_back(static_cast<char>(0x80u | (point & 0x3Fu)));
}

}  // namespace

absl::string_view TextJoin::Next(const json::Text& text, std::string& scratch) {
  absl::string_view rest = text.utf8;
  if (rest.empty()) return rest;
  const uint16_t before = std::exchange(held_, text.trailing_high);
  if (held_ != 0) rest.remove_suffix(kReplacement.size());
  if (before == 0) return rest;

  scratch.clear();
  if (text.leading_low != 0) {
    rest.remove_prefix(kReplacement.size());
    AppendPair(before, text.leading_low, scratch);
  } else {
    scratch.append(kReplacement.data(), kReplacement.size());
  }
  scratch.append(rest.data(), rest.size());
  return scratch;
}

absl::string_view TextJoin::Flush() { return std::exchange(held_, uint16_t{0}) != 0 ? kReplacement : ""; }

}  // namespace sluice::dialect
