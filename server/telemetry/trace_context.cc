#include "server/telemetry/trace_context.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace sluice::telemetry {
namespace {

// version 00: 2-32-16-2 hexadecimal digits
constexpr size_t kSize = 55;
constexpr size_t kTraceId = 3;
constexpr size_t kTraceIdSize = 32;
constexpr size_t kParentId = 36;
constexpr size_t kParentIdSize = 16;
constexpr size_t kFlags = 53;
constexpr size_t kMaxTracestate = 512;  // what the recommendation asks everybody to carry at least

// Lower case only: the recommendation says so.
bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(absl::string_view text) { return IsHex(text) && text.find_first_not_of('0') != absl::string_view::npos; }

}  // namespace

std::string ReadTraceparent(absl::string_view text) {
  if (text.size() < kSize || text[2] != '-' || text[kParentId - 1] != '-' || text[kFlags - 1] != '-') return "";
  const absl::string_view version = text.substr(0, 2);
  const absl::string_view flags = text.substr(kFlags, 2);
  if (!IsHex(version) || version == "ff" || !IsHex(flags)) return "";
  if (!IsId(text.substr(kTraceId, kTraceIdSize)) || !IsId(text.substr(kParentId, kParentIdSize))) return "";
  if (version == "00") return text.size() == kSize ? std::string(text) : "";
  if (text.size() > kSize && text[kSize] != '-') return "";
  return absl::StrCat("00", text.substr(2, kFlags - 2), IsSampled(flags) ? "01" : "00");
}

bool IsSampled(absl::string_view flags) {
  const char low = flags.back();
  return ((low <= '9' ? low - '0' : low - 'a' + 10) & 1) != 0;
}

bool IsTracestate(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxTracestate &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace sluice::telemetry
