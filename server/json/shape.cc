#include "server/json/shape.h"

#include <cstdint>
#include <cstring>

#include "absl/strings/match.h"

namespace sluice::json {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// Has its high bit set in (at least) the first byte that is zero.
uint64_t ZeroBytes(uint64_t word) { return (word - kOnes) & ~word & kHighBits; }

// The first byte at or after `at` that is not plain text of a string: a quote, a backslash or a control character.
size_t EndOfPlain(absl::string_view text, size_t at) {
  while (text.size() - at >= sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    const uint64_t control = (word - kOnes * 0x20) & ~word & kHighBits;
    if ((control | ZeroBytes(word ^ (kOnes * '"')) | ZeroBytes(word ^ (kOnes * '\\'))) != 0) break;
    at += sizeof(word);
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x20 && text[at] != '"' && text[at] != '\\') ++at;
  return at;
}

// Where the string that begins at `at` has its closing quote, or npos.
size_t EndOfString(absl::string_view text, size_t at) {
  while (true) {
    at = EndOfPlain(text, at);
    if (at >= text.size()) return absl::string_view::npos;
    if (text[at] == '"') return at;
    if (text[at] != '\\') return absl::string_view::npos;
    at += 2;
    if (at > text.size()) return absl::string_view::npos;
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The code unit of four hexadecimal digits, or -1.
int CodeUnit(absl::string_view digits) {
  if (digits.size() < 4) return -1;
  int unit = 0;
  for (size_t i = 0; i < 4; ++i) {
    const int digit = HexDigit(digits[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void AppendUtf8(int unit, std::string& out) {
  if (unit < 0x80) {
    out.push_back(static_cast<char>(unit));
  } else if (unit < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (unit >> 6)));
    out.push_back(static_cast<char>(0x80 | (unit & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (unit >> 12)));
    out.push_back(static_cast<char>(0x80 | ((unit >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (unit & 0x3F)));
  }
}

// What `\c` stands for (RFC 8259, 7), or 0.
char Escaped(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return 0;
  }
}

}  // namespace

void Shape::Learn(absl::string_view text, absl::Span<const absl::string_view> strings) {
  Forget();
  if (text.size() > kMaxBytes) return;
  size_t at = 0;
  for (const absl::string_view string : strings) {
    const auto begin = static_cast<size_t>(string.data() - text.data());
    text_.append(text.data() + at, begin - at);
    cuts_[count_++] = text_.size();
    at = begin + string.size();
  }
  text_.append(text.data() + at, text.size() - at);
}

void Shape::Forget() {
  text_.clear();
  count_ = 0;
}

bool Shape::Match(absl::string_view text, Strings& strings) const {
  if (text_.empty()) return false;
  size_t known = 0;
  size_t at = 0;
  const auto skip = [&](size_t until) {
    const size_t size = until - known;
    if (text.size() - at < size || std::memcmp(text.data() + at, text_.data() + known, size) != 0) return false;
    known = until;
    at += size;
    return true;
  };
  for (size_t i = 0; i < count_; ++i) {
    if (!skip(cuts_[i])) return false;
    const size_t end = EndOfString(text, at);
    if (end == absl::string_view::npos) return false;
    strings[i] = text.substr(at, end - at);
    at = end;
  }
  return skip(text_.size()) && at == text.size();
}

bool AppendUnescaped(absl::string_view raw, std::string& out) {
  while (true) {
    const size_t plain = EndOfPlain(raw, 0);
    out.append(raw.data(), plain);
    raw.remove_prefix(plain);
    if (raw.empty()) return true;
    if (raw[0] != '\\' || raw.size() < 2) return false;
    if (const char c = Escaped(raw[1])) {
      out.push_back(c);
      raw.remove_prefix(2);
      continue;
    }
    const int unit = raw[1] == 'u' ? CodeUnit(raw.substr(2)) : -1;
    if (unit < 0 || (unit >= 0xD800 && unit <= 0xDFFF)) return false;
    AppendUtf8(unit, out);
    raw.remove_prefix(6);
  }
}

}  // namespace sluice::json
