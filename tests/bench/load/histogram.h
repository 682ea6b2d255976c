#ifndef SLUICE_TESTS_BENCH_LOAD_HISTOGRAM_H_
#define SLUICE_TESTS_BENCH_LOAD_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::bench {

// Durations in ns, counted in buckets that are within 1% of what they hold: recording costs a few ns and the memory
// does not grow with the run. Durations above 18 minutes count as that.
class Histogram {
 public:
  void Record(int64_t ns) {
    ns = std::clamp<int64_t>(ns, 0, kLimit - 1);
    max_ = std::max(max_, ns);
    ++count_;
    ++buckets_[BucketOf(static_cast<uint64_t>(ns))];
  }

  // The duration that a share of `q` (0 to 1) does not exceed; 0 when there is none.
  int64_t Percentile(double q) const;
  int64_t max() const { return max_; }
  uint64_t count() const { return count_; }

  // {"p50":1.5,"p99":2.5,"p999":3.5,"max":4.5,"count":1000}, in us.
  std::string Json() const;

 private:
  // 128 buckets for each power of two. Below 128 ns each has a bucket of its own.
  static constexpr int kFineBits = 7;
  static constexpr int64_t kFine = 1 << kFineBits;
  static constexpr int64_t kLimit = 1LL << 40;

  static size_t BucketOf(uint64_t ns) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - kFineBits - 1);
    return static_cast<size_t>(shift) * kFine + static_cast<size_t>(ns >> shift);
  }
  static int64_t MiddleOf(size_t bucket);

  std::array<uint32_t, (40 - kFineBits + 1) * kFine> buckets_{};
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_HISTOGRAM_H_
