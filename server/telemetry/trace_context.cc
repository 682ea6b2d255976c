#include "server/telemetry/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace sluice::telemetry {
namespace {

// version 00: 2-32-16-2 hexadecimal digits
constexpr size_t kSize = 55;
constexpr size_t kTraceId = 3;
constexpr size_t kTraceIdSize = 32;
constexpr size_t kParentId = 36;
constexpr size_t kParentIdSize = 16;
constexpr size_t kFlags = 53;
constexpr size_t kFlagsSize = 2;
constexpr size_t kMaxTracestate = 512;  // what the recommendation asks everybody to carry at least
constexpr size_t kLargeMember = 128;

// Lower case only: the recommendation says so.
bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(absl::string_view text) { return IsHex(text) && text.find_first_not_of('0') != absl::string_view::npos; }

}  // namespace

std::string ReadTraceparent(absl::string_view text) {
  if (text.size() < kSize || text[2] != '-' || text[kParentId - 1] != '-' || text[kFlags - 1] != '-') return "";
  const absl::string_view version = text.substr(0, 2);
  const Traceparent parts = SplitTraceparent(text);
  if (!IsHex(version) || version == "ff" || !IsHex(parts.flags)) return "";
  if (!IsId(parts.trace_id) || !IsId(parts.parent_id)) return "";
  if (version == "00") return text.size() == kSize ? std::string(text) : "";
  if (text.size() > kSize && text[kSize] != '-') return "";
  return absl::StrCat("00", text.substr(2, kFlags - 2), KnownFlags(parts.flags) & kSampled ? "01" : "00");
}

Traceparent SplitTraceparent(absl::string_view traceparent) {
  return {traceparent.substr(kTraceId, kTraceIdSize), traceparent.substr(kParentId, kParentIdSize),
          traceparent.substr(kFlags, kFlagsSize)};
}

unsigned KnownFlags(absl::string_view flags) {
  uint64_t bits = 0;
  (void)absl::SimpleHexAtoi(flags, &bits);  // digits, read already
  return static_cast<unsigned>(bits) & (kSampled | kRandom);
}

std::string ReadTracestate(absl::string_view text) {
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) return "";
  if (text.size() <= kMaxTracestate) return std::string(text);
  size_t above = text.size() - kMaxTracestate;  // bytes to leave out, each member with its comma
  std::vector<absl::string_view> kept;
  for (const absl::string_view member : absl::StrSplit(text, ',')) {
    if (above > 0 && member.size() > kLargeMember) {
      above -= std::min(above, member.size() + 1);
    } else {
      kept.push_back(member);
    }
  }
  while (above > 0) {
    above -= std::min(above, kept.back().size() + 1);
    kept.pop_back();
  }
  return absl::StrJoin(kept, ",");
}

}  // namespace sluice::telemetry
