#ifndef SLUICE_TESTS_BENCH_MICRO_TALLY_H_
#define SLUICE_TESTS_BENCH_MICRO_TALLY_H_

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>

#include "tests/unit/allocations.h"

namespace sluice::bench {

// Adds to a benchmark's line what one delta costs: its time, and how often operator new is called for it. Make it when
// what is measured is warm, right before the loop; call Report right after it.
class Tally {
 public:
  explicit Tally(benchmark::State& state) : state_(state), allocations_(Allocations()) {}

  // `deltas` of each iteration.
  void Report(int64_t deltas) {
    const auto allocations = static_cast<double>(Allocations() - allocations_);
    const auto each = static_cast<double>(deltas);
    using Counter = benchmark::Counter;
    state_.counters["delta"] = Counter(each, Counter::kIsIterationInvariantRate | Counter::kInvert);
    state_.counters["allocs/delta"] = allocations / each / static_cast<double>(state_.iterations());
  }

 private:
  benchmark::State& state_;
  const size_t allocations_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_MICRO_TALLY_H_
