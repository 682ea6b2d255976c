#include "server/route/retry_budget.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::route {
namespace {

class Budget : public ::testing::Test {
 protected:
  // Begins calls until there are `live` of them.
  void Begin(int live) {
    while (static_cast<int>(calls_.size()) < live) calls_.emplace_back(budget_);
  }
  // How many of the calls get a retry; all of them ask.
  int Granted() {
    return static_cast<int>(
        std::count_if(calls_.begin(), calls_.end(), [](BudgetedCall& call) { return call.TakeRetry(); }));
  }

  const std::shared_ptr<RetryBudget> budget_ = std::make_shared<RetryBudget>(0.2);
  std::deque<BudgetedCall> calls_;
};

TEST_F(Budget, AllowsThreeWhateverTheTraffic) {
  Begin(1);
  EXPECT_TRUE(calls_.front().TakeRetry());
  Begin(5);
  EXPECT_EQ(Granted(), 3);
}

TEST_F(Budget, AllowsItsShareOfTheLiveCallsBeyondThat) {
  Begin(19);
  EXPECT_EQ(Granted(), 3);
  Begin(20);
  EXPECT_EQ(Granted(), 4);
  Begin(100);
  EXPECT_EQ(Granted(), 20);
  EXPECT_EQ(budget_->live_calls(), 100);
  EXPECT_EQ(budget_->retries(), 20);
}

TEST_F(Budget, CountsAShareThatIsNoBinaryFractionInFull) {
  budget_->SetShare(0.29);
  Begin(100);
  EXPECT_EQ(Granted(), 29);
}

TEST_F(Budget, AShareOfNothingLeavesThreeAndAShareOfAllDeniesNone) {
  budget_->SetShare(0);
  Begin(50);
  EXPECT_EQ(Granted(), 3);
  budget_->SetShare(1);
  EXPECT_EQ(Granted(), 50);
}

TEST_F(Budget, ACallThatHoldsARetryKeepsItAndHoldsNoSecond) {
  Begin(4);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(calls_[0].TakeRetry());
  EXPECT_EQ(budget_->retries(), 1);
  EXPECT_EQ(Granted(), 3);
  EXPECT_TRUE(calls_[0].TakeRetry()) << "the budget is used up, but this call is in it already";
  EXPECT_FALSE(calls_[3].TakeRetry());
}

TEST_F(Budget, AReturnedRetryIsAnothersOnce) {
  Begin(4);
  ASSERT_EQ(Granted(), 3);
  calls_[0].ReturnRetry();
  calls_[0].ReturnRetry();
  EXPECT_EQ(budget_->retries(), 2);
  EXPECT_TRUE(calls_[3].TakeRetry());
  EXPECT_FALSE(calls_[0].TakeRetry());
  calls_[0].ReturnRetry();  // was denied: has none to give back
  EXPECT_EQ(budget_->retries(), 3);
}

TEST_F(Budget, ACallsEndGivesBackWhatItHolds) {
  Begin(4);
  ASSERT_EQ(Granted(), 3);
  calls_.pop_front();  // holds one
  calls_.pop_back();   // holds none
  EXPECT_EQ(budget_->retries(), 2);
  EXPECT_EQ(budget_->live_calls(), 2);
  calls_.clear();
  EXPECT_EQ(budget_->retries(), 0);
  EXPECT_EQ(budget_->live_calls(), 0);
}

TEST_F(Budget, ASmallerShareHoldsBackNewRetriesAndEndsNone) {
  Begin(50);
  ASSERT_EQ(Granted(), 10);
  budget_->SetShare(0.1);
  EXPECT_EQ(budget_->retries(), 10);
  for (int i = 0; i < 5; ++i) calls_[static_cast<size_t>(i)].ReturnRetry();
  EXPECT_FALSE(calls_[49].TakeRetry());
  calls_[5].ReturnRetry();
  EXPECT_TRUE(calls_[49].TakeRetry());
}

// Puts the calling thread on a processor of its own where there are several: threads as short-lived as a test's are
// often left on one, where they never meet.
void PinThread(unsigned index) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  unsigned left = index % static_cast<unsigned>(CPU_COUNT(&allowed));
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

TEST_F(Budget, IsNeverExceededByThreadsThatTakeAtOnce) {
  constexpr int kThreads = 4, kRounds = 100'000;
  std::atomic<int> held{0}, most{0}, taken{0};
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      PinThread(static_cast<unsigned>(t));
      start.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        BudgetedCall one(budget_), two(budget_);  // 8 calls at most, so their share is less than kAlways
        int mine = 0;
        for (BudgetedCall* call : {&one, &two}) mine += call->TakeRetry() ? 1 : 0;
        const int now = held += mine;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        taken += mine;
        held -= mine;  // before they are given back, by the calls' ends
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, RetryBudget::kAlways);
  EXPECT_GT(taken, 0);
  EXPECT_EQ(budget_->retries(), 0);
  EXPECT_EQ(budget_->live_calls(), 0);
}

}  // namespace
}  // namespace sluice::route
