// The part of Tape that makes a text readable for RapidJSON. It runs only over texts that need it.

#include <cstring>

#include "absl/strings/ascii.h"
#include "server/json/tape.h"

namespace sluice::json {
namespace {

constexpr size_t kEscapeSize = 6;  // \uXXXX
// No double has more digits before the point; anything longer is too big, or has its size in an exponent.
constexpr size_t kLongNumber = 300;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The code unit of the \uXXXX escape at `at`, or -1.
int CodeUnit(const std::string& text, size_t at) {
  if (at + kEscapeSize > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  int unit = 0;
  for (size_t i = at + 2; i < at + kEscapeSize; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool IsHigh(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Whether a number's text could be beyond double's range: very long, or with an exponent of three digits or more.
bool MayBeTooBig(absl::string_view number) {
  if (number.size() >= kLongNumber) return true;
  const size_t e = number.find_first_of("eE");
  return e != absl::string_view::npos && number.size() - e > 3;
}

}  // namespace

void Tape::Prepare(bool numbers) {
  surrogates_.clear();
  size_t at = 0;
  while (at < buffer_.size()) {
    const char c = buffer_[at];
    if (c == '"') {
      at = PrepareString(at + 1);
    } else if (numbers && (c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c)))) {
      at = PrepareNumber(at);
    } else {
      ++at;
    }
  }
}

// Puts \ufffd for each lone surrogate in the string whose first byte is at `begin`, and notes those at its edges.
// Returns the place after the closing quote.
size_t Tape::PrepareString(size_t begin) {
  Surrogates found{static_cast<uint32_t>(begin), 0, 0};
  size_t at = begin;
  while (at < buffer_.size() && buffer_[at] != '"') {
    if (buffer_[at] != '\\') {
      ++at;
      continue;
    }
    const int unit = CodeUnit(buffer_, at);
    if (IsHigh(unit) && IsLow(CodeUnit(buffer_, at + kEscapeSize))) {
      at += 2 * kEscapeSize;
    } else if (IsHigh(unit) || IsLow(unit)) {
      const bool last = at + kEscapeSize < buffer_.size() && buffer_[at + kEscapeSize] == '"';
      if (IsLow(unit) && at == begin) found.leading_low = static_cast<uint16_t>(unit);
      if (IsHigh(unit) && last) found.trailing_high = static_cast<uint16_t>(unit);
      std::memcpy(&buffer_[at], "\\ufffd", kEscapeSize);
      at += kEscapeSize;
    } else {
      at += 2;
    }
  }
  if (found.leading_low != 0 || found.trailing_high != 0) surrogates_.push_back(found);
  return at + 1;
}

// Puts a small number of the same length for one that may be beyond double; its true text stays in text_.
size_t Tape::PrepareNumber(size_t begin) {
  size_t end = buffer_.find_first_not_of("0123456789+-.eE", begin);
  if (end == std::string::npos) end = buffer_.size();
  if (MayBeTooBig(absl::string_view(buffer_).substr(begin, end - begin))) {
    std::memset(&buffer_[begin], '0', end - begin);
    buffer_[begin + 1] = '.';
  }
  return end;
}

}  // namespace sluice::json
