#include "server/base/utf8.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sluice {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(unsigned char c) { return (c & 0xC0) == 0x80; }

// What a lead byte asks for: the sequence's length and the range of its second byte, where overlong forms,
// surrogates and values above U+10FFFF are told apart (Unicode table 3-7). Length 0: no lead byte.
struct Lead {
  size_t length;
  unsigned char low;
  unsigned char high;
};

Lead LeadOf(unsigned char c) {
  if (c < 0x80) return {1, 0, 0};
  if (c < 0xC2) return {0, 0, 0};
  if (c < 0xE0) return {2, 0x80, 0xBF};
  if (c == 0xE0) return {3, 0xA0, 0xBF};
  if (c == 0xED) return {3, 0x80, 0x9F};
  if (c < 0xF0) return {3, 0x80, 0xBF};
  if (c == 0xF0) return {4, 0x90, 0xBF};
  if (c < 0xF4) return {4, 0x80, 0xBF};
  if (c == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

// The bytes at `p` up to the end of one character (valid) or of one maximal subpart (not valid); length >= 1.
struct Step {
  size_t length;
  bool valid;
};

Step Next(const unsigned char* p, const unsigned char* end) {
  const Lead lead = LeadOf(*p);
  if (lead.length == 0) return {1, false};
  if (lead.length == 1) return {1, true};
  const size_t left = static_cast<size_t>(end - p);
  if (left < 2 || p[1] < lead.low || p[1] > lead.high) return {1, false};
  for (size_t i = 2; i < lead.length; ++i) {
    if (i == left || !IsContinuation(p[i])) return {i, false};
  }
  return {lead.length, true};
}

#ifdef __SSE2__
constexpr int kStep = 16;

// Which of the kStep bytes at `p` are not ASCII, the first in the lowest bit.
unsigned NotAscii(const unsigned char* p) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
#endif

const unsigned char* SkipAscii(const unsigned char* p, const unsigned char* end) {
#ifdef __SSE2__
  if (end - p >= kStep) {
    const auto* const last = end - kStep;
    for (; p < last; p += kStep) {
      if (const unsigned found = NotAscii(p); found != 0) return p + std::countr_zero(found);
    }
    // This step may overlap the one before, whose bytes are ASCII.
    const unsigned found = NotAscii(last);
    return found == 0 ? end : last + std::countr_zero(found);
  }
#endif
  constexpr uint64_t kHighBits = 0x8080808080808080;
  while (end - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    if ((word & kHighBits) != 0) break;
    p += 8;
  }
  while (p < end && *p < 0x80) ++p;
  return p;
}

}  // namespace

size_t Utf8ValidPrefix(absl::string_view text) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = begin + text.size();
  const auto* p = begin;
  while ((p = SkipAscii(p, end)) < end) {
    // Text of another script comes in runs: stay here until it is ASCII again.
    do {
      const Step step = Next(p, end);
      if (!step.valid) return static_cast<size_t>(p - begin);
      p += step.length;
    } while (p < end && *p >= 0x80);
  }
  return text.size();
}

void AppendRepairedUtf8(absl::string_view text, std::string& out) {
  while (true) {
    const size_t valid = Utf8ValidPrefix(text);
    out.append(text.data(), valid);
    text.remove_prefix(valid);
    if (text.empty()) return;
    const auto* const p = reinterpret_cast<const unsigned char*>(text.data());
    text.remove_prefix(Next(p, p + text.size()).length);
    out.append(kReplacement.data(), kReplacement.size());
  }
}

std::string RepairUtf8(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  AppendRepairedUtf8(text, out);
  return out;
}

size_t Utf8Boundary(absl::string_view text, size_t max) {
  if (text.size() <= max) return text.size();
  size_t end = max;
  while (end > 0 && IsContinuation(static_cast<unsigned char>(text[end]))) --end;
  return end;
}

size_t Utf8Length(absl::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(static_cast<unsigned char>(c)); }));
}

}  // namespace sluice
