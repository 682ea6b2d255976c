#include "server/base/clock.h"

#include "gtest/gtest.h"
#include "server/base/fake_clock.h"

namespace sluice {
namespace {

TEST(After, AddsTheDelay) {
  FakeClock clock;
  const MonoTime start = clock.Now();
  EXPECT_EQ(After(start, absl::Milliseconds(1500)) - start, Nanos(1'500'000'000));
  EXPECT_EQ(After(start, absl::ZeroDuration()), start);
}

TEST(After, NeverOverflows) {
  FakeClock clock;
  EXPECT_EQ(After(clock.Now(), absl::InfiniteDuration()), MonoTime::max());
  EXPECT_EQ(After(clock.Now(), absl::Hours(24 * 365 * 1000)), MonoTime::max());
}

TEST(FakeClock, MovesOnlyWhenToldAndBothHandsTogether) {
  FakeClock clock;
  const MonoTime mono = clock.Now();
  const absl::Time wall = clock.WallNow();
  EXPECT_EQ(clock.Now(), mono);
  clock.Advance(absl::Seconds(3));
  EXPECT_DOUBLE_EQ(Seconds(clock.Now() - mono), 3.0);
  EXPECT_EQ(clock.WallNow() - wall, absl::Seconds(3));
}

TEST(RealClock, NeverRunsBackwards) {
  const MonoTime first = Clock::Real().Now();
  EXPECT_GE(Clock::Real().Now(), first);
  EXPECT_GT(Clock::Real().WallNow(), absl::UnixEpoch());
}

}  // namespace
}  // namespace sluice
