#include "server/telemetry/tracing.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/telemetry/trace_context.h"

namespace sluice::telemetry {
namespace {

constexpr size_t kSpanDigits = 16;

uint64_t Low64(absl::string_view digits) {
  uint64_t value = 0;
  (void)absl::SimpleHexAtoi(digits.substr(digits.size() - kSpanDigits), &value);  // our own digits, or read already
  return value;
}

// OpenTelemetry's consistent probability sampling: of the lowest 56 bits, which are the random ones, the upper end is
// in.
bool InShare(absl::string_view trace_id, double share) {
  constexpr int kBits = 56;
  const uint64_t threshold = (uint64_t{1} << kBits) - static_cast<uint64_t>(std::ldexp(share, kBits));
  return (Low64(trace_id) & ((uint64_t{1} << kBits) - 1)) >= threshold;
}

// Ids of zeros are none.
std::string NewSpanId(IdSource& ids) {
  std::string digits;
  do {
    digits = ids.NewRequestId().substr(kSpanDigits);
  } while (Low64(digits) == 0);
  return digits;
}

}  // namespace

TracePlace PlaceCall(absl::string_view traceparent, absl::string_view tracestate, const Tracing* tracing) {
  TracePlace place;
  if (!traceparent.empty()) {
    const Traceparent parts = SplitTraceparent(traceparent);
    place.trace_id = std::string(parts.trace_id);
    place.parent_id = std::string(parts.parent_id);
    place.flags = std::string(parts.flags);
    place.state = std::string(tracestate);
  }
  if (tracing == nullptr) return place;
  if (place.trace_id.empty()) {  // ours is all random, which its flags say
    place.trace_id = tracing->ids.NewRequestId();
    place.flags = absl::StrCat("0", kRandom | (InShare(place.trace_id, tracing->share) ? kSampled : 0));
  }
  place.recorded = (KnownFlags(place.flags) & kSampled) != 0;
  if (!place.recorded && !place.parent_id.empty()) return place;  // handed on as it came
  place.span_id = NewSpanId(tracing->ids);
  place.flags = absl::StrCat("0", KnownFlags(place.flags));  // who sends a parent of its own sets the others to 0
  return place;
}

std::string AttemptSpanId(const TracePlace& place, int attempt) {
  return absl::StrCat(absl::Hex(Low64(place.span_id) + static_cast<uint64_t>(attempt), absl::kZeroPad16));
}

std::string TraceparentOf(const TracePlace& place, int attempt) {
  if (place.trace_id.empty()) return "";
  const std::string parent = place.span_id.empty() ? place.parent_id : AttemptSpanId(place, attempt);
  return absl::StrCat("00-", place.trace_id, "-", parent, "-", place.flags);
}

}  // namespace sluice::telemetry
