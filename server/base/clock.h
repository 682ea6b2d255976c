#ifndef SLUICE_SERVER_BASE_CLOCK_H_
#define SLUICE_SERVER_BASE_CLOCK_H_

#include <chrono>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sluice {

// A point on a clock that never jumps. Only differences mean anything.
using MonoTime = std::chrono::steady_clock::time_point;
using Nanos = std::chrono::nanoseconds;

// The source of time. Policies and timers take it from here, so tests drive them with a FakeClock.
// Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime Now() const = 0;
  // Calendar time: for log lines and HTTP dates, never for measuring.
  virtual absl::Time WallNow() const = 0;

  // The machine's clocks; lives for the whole process.
  static const Clock& Real();
};

// `start + delay`; absl::InfiniteDuration() gives MonoTime::max(), which no timer reaches.
inline MonoTime After(MonoTime start, absl::Duration delay) {
  const Nanos left = MonoTime::max() - start;
  if (delay == absl::InfiniteDuration() || absl::ToChronoNanoseconds(delay) >= left) return MonoTime::max();
  return start + absl::ToChronoNanoseconds(delay);
}

inline double Seconds(Nanos d) { return std::chrono::duration<double>(d).count(); }

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_CLOCK_H_
