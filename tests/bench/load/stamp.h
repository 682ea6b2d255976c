#ifndef SLUICE_TESTS_BENCH_LOAD_STAMP_H_
#define SLUICE_TESTS_BENCH_LOAD_STAMP_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace sluice::bench {

// A delta's text begins with its stamp, its number in the stream and the time at which it was sent:
// "0000042 0000123456789012"; the rest of the text is 'x'.
constexpr size_t kNumberDigits = 7;
constexpr size_t kTimeDigits = 16;
constexpr size_t kStampBytes = kNumberDigits + 1 + kTimeDigits;
constexpr int64_t kNumberWrap = 10'000'000;

inline void WriteDigits(char* at, size_t digits, int64_t value) {
  for (size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

// -1 when one is not a digit.
inline int64_t ReadDigits(const char* at, size_t digits) {
  int64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const unsigned digit = static_cast<unsigned char>(at[i]) - unsigned{'0'};
    if (digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

struct Stamp {
  int64_t number = -1;
  int64_t sent = -1;

  // Negative fields when `text`, of at least kStampBytes, does not begin with one.
  static Stamp Of(absl::string_view text) {
    return {ReadDigits(text.data(), kNumberDigits), ReadDigits(text.data() + kNumberDigits + 1, kTimeDigits)};
  }
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_STAMP_H_
