#include "server/loop/semaphore.h"

#include <gtest/gtest.h>

#include <atomic>
#include <list>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::loop {
namespace {

using Outcome = Permit::Outcome;

class SemaphoreTest : public testing::Test {
 protected:
  std::unique_ptr<Permit> Make(Loop& loop, int number) {
    return std::make_unique<Permit>(semaphore_, loop, [this, number] { granted_.push_back(number); });
  }
  // Permits of loop a_, numbered from 0, as many as asked for; those that find none stand in line.
  std::vector<std::unique_ptr<Permit>> Crowd(int count) {
    std::vector<std::unique_ptr<Permit>> crowd;
    for (int i = 0; i < count; ++i) {
      crowd.push_back(Make(a_, i));
      crowd.back()->Take();
    }
    return crowd;
  }

  std::shared_ptr<Semaphore> semaphore_ = std::make_shared<Semaphore>(2);
  Loop a_{Clock::Real()};
  Loop b_{Clock::Real()};
  std::vector<int> granted_;
};

TEST_F(SemaphoreTest, PermitsAreGrantedFirstComeFirstServedAcrossLoopsAndToldOnTheirOwn) {
  auto one = Make(a_, 1);
  auto two = Make(b_, 2);
  EXPECT_EQ(one->Take(), Outcome::kHeld);
  EXPECT_EQ(two->Take(), Outcome::kHeld);
  auto three = Make(b_, 3);
  auto four = Make(a_, 4);
  auto five = Make(b_, 5);
  EXPECT_EQ(three->Take(), Outcome::kWaiting);
  EXPECT_EQ(four->Take(), Outcome::kWaiting);
  EXPECT_EQ(five->Take(), Outcome::kWaiting);
  EXPECT_EQ(semaphore_->waiting(), 3u);
  one = nullptr;
  EXPECT_TRUE(granted_.empty());  // not inline
  a_.Turn(false);
  EXPECT_TRUE(granted_.empty());  // not on another's loop
  b_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{3}));
  two = nullptr;
  three = nullptr;
  b_.Turn(false);
  a_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{3, 5, 4}));  // granted in order; each hears of it on its own loop
  EXPECT_EQ(semaphore_->held(), 2);
  EXPECT_EQ(semaphore_->waiting(), 0u);
}

TEST_F(SemaphoreTest, ANewcomerDoesNotOvertakeTheLine) {
  auto crowd = Crowd(3);
  crowd[0] = nullptr;  // granted to 2, which has not been told
  auto late = Make(a_, 9);
  EXPECT_EQ(late->Take(), Outcome::kWaiting);
  a_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{2}));
}

TEST_F(SemaphoreTest, LeavingTheLineAndLeavingWhenGrantedButNotToldPassThePermitOn) {
  auto crowd = Crowd(5);
  crowd[2] = nullptr;  // left before its turn
  EXPECT_EQ(semaphore_->waiting(), 2u);
  crowd[0] = nullptr;  // grants 3, which has not been told
  EXPECT_EQ(semaphore_->held(), 2);
  crowd[3] = nullptr;
  a_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{4}));
  EXPECT_EQ(semaphore_->held(), 2);
  crowd.clear();
  EXPECT_EQ(semaphore_->held(), 0);
}

TEST_F(SemaphoreTest, ReleaseFromTheLineLeavesItForGood) {
  auto crowd = Crowd(4);
  crowd[2]->Release();
  crowd[0]->Release();  // grants 3
  crowd[3]->Release();  // before it was told
  a_.Turn(false);
  EXPECT_TRUE(granted_.empty());
  EXPECT_EQ(semaphore_->held(), 1);
  crowd.clear();
  EXPECT_EQ(semaphore_->held(), 0);  // not given back twice
}

TEST_F(SemaphoreTest, APermitMayGoInItsOwnCallback) {
  auto crowd = Crowd(2);
  std::unique_ptr<Permit> waiting;
  waiting = std::make_unique<Permit>(semaphore_, a_, [&] { waiting = nullptr; });
  EXPECT_EQ(waiting->Take(), Outcome::kWaiting);
  crowd[1]->Release();
  a_.Turn(false);
  EXPECT_EQ(waiting, nullptr);
  EXPECT_EQ(semaphore_->held(), 1);
}

TEST_F(SemaphoreTest, APermitThatGoesInItsCallbackHandsOnToTheNext) {
  auto crowd = Crowd(2);
  std::unique_ptr<Permit> waiting;
  waiting = std::make_unique<Permit>(semaphore_, a_, [&] { waiting = nullptr; });
  waiting->Take();
  auto last = Make(a_, 9);
  last->Take();
  crowd[0] = nullptr;
  a_.Turn(false);
  EXPECT_TRUE(granted_.empty());  // its turn comes in a later one of the loop
  a_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{9}));
}

TEST_F(SemaphoreTest, AFullLineRefusesAndARefusedPermitHoldsNothing) {
  semaphore_->SetLimits(2, 1);
  auto crowd = Crowd(3);
  auto refused = Make(a_, 9);
  EXPECT_EQ(refused->Take(), Outcome::kRefused);
  EXPECT_EQ(semaphore_->held(), 2);
  EXPECT_EQ(semaphore_->waiting(), 1u);
  refused = nullptr;
  EXPECT_EQ(semaphore_->held(), 2);
  crowd[2] = nullptr;  // the line has room again
  auto next = Make(a_, 10);
  EXPECT_EQ(next->Take(), Outcome::kWaiting);
  crowd.clear();
  a_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{10}));
}

TEST_F(SemaphoreTest, WithoutALinePermitsAreHeldOrRefused) {
  auto semaphore = std::make_shared<Semaphore>(1, 0);
  Permit first(semaphore, a_, [] {});
  Permit second(semaphore, a_, [] {});
  EXPECT_EQ(first.Take(), Outcome::kHeld);
  EXPECT_EQ(second.Take(), Outcome::kRefused);
  first.Release();
  Permit third(semaphore, a_, [] {});
  EXPECT_EQ(third.Take(), Outcome::kHeld);
}

TEST_F(SemaphoreTest, RaisedLimitsLetTheLineInAndLoweredOnesTakeNothingAway) {
  auto crowd = Crowd(5);
  semaphore_->SetLimits(4, Semaphore::kAnyLine);
  a_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{2, 3}));
  semaphore_->SetLimits(1, 0);
  EXPECT_EQ(semaphore_->held(), 4);
  EXPECT_EQ(semaphore_->waiting(), 1u);
  for (size_t i = 0; i < 3; ++i) crowd[i] = nullptr;
  a_.Turn(false);
  EXPECT_EQ(semaphore_->held(), 1);
  EXPECT_EQ(semaphore_->waiting(), 1u);
  crowd[3] = nullptr;
  a_.Turn(false);
  EXPECT_EQ(granted_.back(), 4);
}

// A thread with its loop, which takes kRounds permits, many at once, and gives each back a turn after it got it. Every
// fifth that has to wait leaves the line again.
class Worker {
 public:
  static constexpr int kRounds = 2000;
  static constexpr int kLimit = 3;

  Worker(std::shared_ptr<Semaphore> semaphore, std::atomic<int>& inside)
      : semaphore_(std::move(semaphore)), inside_(inside), thread_([this] {
          loop_.Post([this] { TakeSome(); });
          loop_.Run();
        }) {}
  ~Worker() { thread_.join(); }

 private:
  void TakeSome() {
    for (int i = 0; i < 10 && taken_ < kRounds; ++i) {
      auto& permit = permits_.emplace_back();
      permit = std::make_unique<Permit>(semaphore_, loop_, [this, &permit] { Hold(permit); });
      const Outcome outcome = permit->Take();
      if (outcome == Outcome::kHeld) Hold(permit);
      if (outcome == Outcome::kWaiting && taken_ % 5 == 0) Drop(permit);
      ++taken_;
    }
    if (taken_ < kRounds) loop_.Post([this] { TakeSome(); });
  }
  void Hold(std::unique_ptr<Permit>& permit) {
    EXPECT_LE(++inside_, kLimit);
    loop_.Post([this, &permit] {
      --inside_;
      Drop(permit);
    });
  }
  void Drop(std::unique_ptr<Permit>& permit) {
    permit = nullptr;
    if (++dropped_ == kRounds) loop_.Stop();
  }

  const std::shared_ptr<Semaphore> semaphore_;
  std::atomic<int>& inside_;
  Loop loop_{Clock::Real()};
  std::list<std::unique_ptr<Permit>> permits_;
  int taken_ = 0;
  int dropped_ = 0;
  std::thread thread_;  // last: uses all the others
};

TEST(SemaphoreThreadsTest, ManyLoopsNeverHoldMoreThanThereAreAndNobodyIsForgotten) {
  auto semaphore = std::make_shared<Semaphore>(Worker::kLimit);
  std::atomic<int> inside{0};
  {
    Worker one(semaphore, inside), two(semaphore, inside), three(semaphore, inside), four(semaphore, inside);
  }  // each ends when all it took have been granted and given back, or have left the line
  EXPECT_EQ(semaphore->held(), 0);
  EXPECT_EQ(semaphore->waiting(), 0u);
}

}  // namespace
}  // namespace sluice::loop
