#ifndef SLUICE_SERVER_BASE_FAKE_CLOCK_H_
#define SLUICE_SERVER_BASE_FAKE_CLOCK_H_

#include <atomic>

#include "server/base/clock.h"

namespace sluice {

// A clock that stands still until a test moves it. Thread safe.
class FakeClock final : public Clock {
 public:
  MonoTime Now() const override { return MonoTime(Nanos(mono_ns_.load())); }
  absl::Time WallNow() const override { return absl::FromUnixNanos(kWallStart + mono_ns_.load()); }
  void Advance(absl::Duration d) { mono_ns_ += absl::ToInt64Nanoseconds(d); }

 private:
  static constexpr int64_t kWallStart = 1'700'000'000'000'000'000;  // any fixed day
  std::atomic<int64_t> mono_ns_{1'000'000'000};
};

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_FAKE_CLOCK_H_
