#include "tests/bench/load/histogram.h"

#include <cmath>

#include "absl/strings/str_format.h"

namespace sluice::bench {

int64_t Histogram::Percentile(double q) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_)));
  uint64_t passed = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    passed += buckets_[bucket];
    if (passed > 0 && passed >= rank) return std::min(MiddleOf(bucket), max_);
  }
  return max_;
}

std::string Histogram::Json() const {
  const auto us = [](int64_t ns) { return static_cast<double>(ns) / 1000; };
  return absl::StrFormat(R"({"p50":%.1f,"p99":%.1f,"p999":%.1f,"max":%.1f,"count":%d})", us(Percentile(0.5)),
                         us(Percentile(0.99)), us(Percentile(0.999)), us(max_), count_);
}

int64_t Histogram::MiddleOf(size_t bucket) {
  const auto at = static_cast<int64_t>(bucket);
  if (at < 2 * kFine) return at;
  const int64_t shift = at / kFine - 1;  // BucketOf backwards: the fine part is at least kFine
  const int64_t fine = at - shift * kFine;
  return (fine << shift) + (1LL << shift) / 2;
}

}  // namespace sluice::bench
