#ifndef SLUICE_TESTS_BENCH_LOAD_PACE_H_
#define SLUICE_TESTS_BENCH_LOAD_PACE_H_

#include <cstdint>
#include <string>

#include "tests/bench/load/flags.h"

namespace sluice::bench {

// How a stream's deltas come.
struct Pace {
  int64_t interval_ns = 20'000'000;  // between bursts; 0: as fast as the receiver takes them
  int burst = 1;                     // deltas at once
  int text_bytes = 24;

  // Reads --interval-us, --burst and --text-bytes beside the flags that `flags` has.
  static Pace FromFlags(Flags flags, int argc, char** argv);
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_PACE_H_
