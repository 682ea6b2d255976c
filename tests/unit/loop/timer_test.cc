#include "server/loop/timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "server/base/fake_clock.h"
#include "server/loop/loop.h"

namespace sluice::loop {
namespace {

class TimerTest : public testing::Test {
 protected:
  void AdvanceAndTurn(absl::Duration by) {
    clock_.Advance(by);
    loop_.Turn(false);
  }

  FakeClock clock_;
  Loop loop_{clock_};
  int fired_ = 0;
};

TEST_F(TimerTest, FiresOnceAtItsDeadlineAndNotBefore) {
  Timer timer(loop_, [&] { ++fired_; });
  timer.ArmAfter(absl::Milliseconds(10));
  EXPECT_TRUE(timer.armed());
  AdvanceAndTurn(absl::Milliseconds(10) - absl::Nanoseconds(1));
  EXPECT_EQ(fired_, 0);
  AdvanceAndTurn(absl::Nanoseconds(1));
  EXPECT_EQ(fired_, 1);
  EXPECT_FALSE(timer.armed());
  AdvanceAndTurn(absl::Seconds(1));
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerTest, ADeadlineThatHasPassedFiresInTheNextTurnNeverInline) {
  Timer timer(loop_, [&] { ++fired_; });
  timer.ArmAt(loop_.Now() - std::chrono::seconds(1));
  EXPECT_EQ(fired_, 0);
  loop_.Turn(false);
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerTest, MovingTheDeadlineLaterHoldsItBack) {
  Timer timer(loop_, [&] { ++fired_; });
  timer.ArmAfter(absl::Seconds(1));
  for (int i = 0; i < 10; ++i) {
    AdvanceAndTurn(absl::Milliseconds(900));
    timer.ArmAfter(absl::Seconds(1));
  }
  EXPECT_EQ(fired_, 0);
  AdvanceAndTurn(absl::Seconds(1));
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerTest, MovingTheDeadlineEarlierCounts) {
  Timer timer(loop_, [&] { ++fired_; });
  timer.ArmAfter(absl::Seconds(10));
  timer.ArmAfter(absl::Seconds(20));
  timer.ArmAfter(absl::Seconds(1));
  AdvanceAndTurn(absl::Seconds(1));
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerTest, CancelAndDestructionKeepItFromFiring) {
  Timer cancelled(loop_, [&] { ++fired_; });
  cancelled.ArmAfter(absl::Seconds(1));
  cancelled.Cancel();
  EXPECT_FALSE(cancelled.armed());
  auto destroyed = std::make_unique<Timer>(loop_, [&] { ++fired_; });
  destroyed->ArmAfter(absl::Seconds(1));
  destroyed.reset();
  AdvanceAndTurn(absl::Seconds(2));
  EXPECT_EQ(fired_, 0);
  cancelled.ArmAfter(absl::Seconds(1));
  AdvanceAndTurn(absl::Seconds(1));
  EXPECT_EQ(fired_, 1);
}

TEST_F(TimerTest, AnInfiniteDelayNeverFiresAndDisarms) {
  Timer timer(loop_, [&] { ++fired_; });
  timer.ArmAfter(absl::Seconds(1));
  timer.ArmAfter(absl::InfiniteDuration());
  EXPECT_FALSE(timer.armed());
  AdvanceAndTurn(absl::Hours(24 * 365));
  EXPECT_EQ(fired_, 0);
}

TEST_F(TimerTest, ACallbackThatArmsItsTimerForNowFiresOncePerTurn) {
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop_, [&] {
    ++fired_;
    timer->ArmAfter(absl::ZeroDuration());
  });
  timer->ArmAfter(absl::ZeroDuration());
  for (int turn = 1; turn <= 3; ++turn) {
    loop_.Turn(false);
    EXPECT_EQ(fired_, turn);
  }
}

TEST_F(TimerTest, ACallbackMayDestroyItsOwnTimer) {
  auto token = std::make_shared<int>(7);
  int seen = 0;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop_, [&, token] {
    timer.reset();
    seen = *token;  // what the callable holds is still alive
  });
  timer->ArmAfter(absl::ZeroDuration());
  loop_.Turn(false);
  EXPECT_EQ(timer, nullptr);
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(token.use_count(), 1);
}

TEST_F(TimerTest, ACallbackMayDestroyCancelOrPostponeOthersDueInTheSameTurn) {
  std::vector<std::unique_ptr<Timer>> timers(4);
  std::vector<int> fired;
  for (size_t i = 0; i < timers.size(); ++i) {
    timers[i] = std::make_unique<Timer>(loop_, [&, i] {
      fired.push_back(static_cast<int>(i));
      if (i != 0) return;
      timers[1].reset();
      timers[2]->Cancel();
      timers[3]->ArmAfter(absl::Seconds(1));
    });
    timers[i]->ArmAt(loop_.Now() + std::chrono::milliseconds(i));
  }
  AdvanceAndTurn(absl::Milliseconds(100));
  EXPECT_EQ(fired, (std::vector<int>{0}));
  AdvanceAndTurn(absl::Seconds(1));
  EXPECT_EQ(fired, (std::vector<int>{0, 3}));
}

// A timer that was moved later wakes the loop at its old time, and all whose old times are near share that wake-up.
TEST(TimerWakeTest, TimersMovedLaterShareTheirEarlyWakeUps) {
  Loop loop(Clock::Real());
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 100; ++i) {
    timers.push_back(std::make_unique<Timer>(loop, [] { ADD_FAILURE() << "a minute early"; }));
    timers.back()->ArmAfter(absl::Milliseconds(20) + i * absl::Microseconds(500));
  }
  for (const auto& timer : timers) timer->ArmAfter(absl::Minutes(1));
  bool over = false;
  Timer end(loop, [&] { over = true; });
  end.ArmAfter(absl::Milliseconds(80));
  int turns = 0;
  for (; !over; ++turns) loop.Turn(/*wait=*/true);
  EXPECT_LT(turns, 10);
}

TEST_F(TimerTest, ManyTimersMovedAtRandomFireInOrderOfTheirLastDeadline) {
  std::mt19937 random(7);
  constexpr size_t kTimers = 500;
  std::vector<MonoTime> deadlines(kTimers, MonoTime::max());
  std::vector<MonoTime> fired(kTimers, MonoTime::max());
  std::vector<std::unique_ptr<Timer>> timers;
  for (size_t i = 0; i < kTimers; ++i) {
    timers.push_back(std::make_unique<Timer>(loop_, [&, i] { fired[i] = loop_.Now(); }));
  }
  const MonoTime start = loop_.Now();
  for (int move = 0; move < 5000; ++move) {
    const size_t i = random() % kTimers;
    if (random() % 10 == 0) {
      timers[i]->Cancel();
      deadlines[i] = MonoTime::max();
    } else {
      deadlines[i] = start + std::chrono::milliseconds(1 + random() % 1000);
      timers[i]->ArmAt(deadlines[i]);
    }
    if (random() % 10 == 0) timers[i] = std::make_unique<Timer>(loop_, [&, i] { fired[i] = loop_.Now(); });
    if (!timers[i]->armed()) deadlines[i] = MonoTime::max();
  }
  for (int ms = 0; ms < 1001; ++ms) AdvanceAndTurn(absl::Milliseconds(1));
  EXPECT_EQ(fired, deadlines);
}

}  // namespace
}  // namespace sluice::loop
