#ifndef SLUICE_TESTS_BENCH_LOAD_CLOCK_H_
#define SLUICE_TESTS_BENCH_LOAD_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace sluice::bench {

constexpr int64_t kNsPerSecond = 1'000'000'000;

inline int64_t ReadClock(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * kNsPerSecond + t.tv_nsec;
}

// The clock that all programs of a machine share: a time that one writes into a delta can be read by another.
inline int64_t NowNs() { return ReadClock(CLOCK_MONOTONIC); }

// User and system time of this process so far.
inline int64_t CpuNs() { return ReadClock(CLOCK_PROCESS_CPUTIME_ID); }

inline int64_t ToNs(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_CLOCK_H_
