#include "server/loop/loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/base/fake_clock.h"

namespace sluice::loop {
namespace {

class Fd {
 public:
  Fd() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Fd() { close(fd_); }
  int get() const { return fd_; }
  void Signal() const { ASSERT_EQ(eventfd_write(fd_, 1), 0); }
  void Drain() const {
    eventfd_t value;
    eventfd_read(fd_, &value);
  }

 private:
  int fd_;
};

class Handler final : public FdHandler {
 public:
  explicit Handler(std::function<void(uint32_t)> on_fd) : on_fd_(std::move(on_fd)) {}
  void OnFd(uint32_t events) override { on_fd_(events); }

 private:
  std::function<void(uint32_t)> on_fd_;
};

class CountingSource final : public Source {
 public:
  explicit CountingSource(std::function<void()> on_end) : on_end_(std::move(on_end)) {}
  void OnTurnEnd() override { on_end_(); }

 private:
  std::function<void()> on_end_;
};

class LoopTest : public testing::Test {
 protected:
  FakeClock clock_;
  Loop loop_{clock_};
  std::vector<std::string> log_;
};

TEST_F(LoopTest, TasksRunInTheOrderPostedAndOnesPostedByATaskRunInALaterTurn) {
  loop_.Post([&] {
    log_.push_back("a");
    loop_.Post([&] { log_.push_back("c"); });
  });
  loop_.Post([&] { log_.push_back("b"); });
  loop_.Turn(false);
  EXPECT_EQ(log_, (std::vector<std::string>{"a", "b"}));
  loop_.Turn(true);  // does not wait: there is work
  EXPECT_EQ(log_, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(LoopTest, ATurnRunsDescriptorsThenTimersThenTasksThenSources) {
  Fd fd;
  Handler handler([&](uint32_t) { log_.push_back("fd"); });
  ASSERT_TRUE(loop_.Watch(fd.get(), EPOLLIN | EPOLLET, &handler).ok());
  Timer timer(loop_, [&] { log_.push_back("timer"); });
  timer.ArmAfter(absl::ZeroDuration());
  CountingSource first([&] { log_.push_back("first"); });
  CountingSource second([&] { log_.push_back("second"); });
  loop_.AddSource(&first);
  loop_.AddSource(&second);
  loop_.Post([&] { log_.push_back("task"); });
  fd.Signal();
  loop_.Turn(false);
  EXPECT_EQ(log_, (std::vector<std::string>{"fd", "timer", "task", "first", "second"}));
  loop_.RemoveSource(&first);
  loop_.RemoveSource(&second);
  loop_.Unwatch(fd.get());
}

class SteppingSource final : public Source {
 public:
  explicit SteppingSource(std::vector<std::string>* log) : log_(log) {}
  void OnStep() override { log_->push_back("step"); }
  void OnTurnEnd() override { log_->push_back("turn"); }

 private:
  std::vector<std::string>* const log_;
};

TEST_F(LoopTest, AStepEndsAfterEachDescriptorAndTask) {
  Fd one;
  Fd other;
  Handler handler([&](uint32_t) { log_.push_back("fd"); });
  ASSERT_TRUE(loop_.Watch(one.get(), EPOLLIN | EPOLLET, &handler).ok());
  ASSERT_TRUE(loop_.Watch(other.get(), EPOLLIN | EPOLLET, &handler).ok());
  SteppingSource source(&log_);
  loop_.AddSource(&source);
  one.Signal();
  other.Signal();
  loop_.Post([&] { log_.push_back("task"); });
  loop_.Turn(false);
  EXPECT_EQ(log_, (std::vector<std::string>{"fd", "step", "fd", "step", "step", "task", "step", "turn"}))
      << "the third step is the timers'";
  loop_.RemoveSource(&source);
  loop_.Unwatch(one.get());
  loop_.Unwatch(other.get());
}

TEST_F(LoopTest, ASourceMayRemoveItselfAndAnother) {
  CountingSource* other = nullptr;
  std::unique_ptr<CountingSource> self;
  self = std::make_unique<CountingSource>([&] {
    log_.push_back("self");
    loop_.RemoveSource(self.get());
    loop_.RemoveSource(other);
  });
  CountingSource removed([&] { log_.push_back("removed"); });
  CountingSource stays([&] { log_.push_back("stays"); });
  other = &removed;
  loop_.AddSource(self.get());
  loop_.AddSource(&removed);
  loop_.AddSource(&stays);
  loop_.Turn(false);
  loop_.Turn(false);
  EXPECT_EQ(log_, (std::vector<std::string>{"self", "stays", "stays"}));
}

TEST_F(LoopTest, WorkPostedByASourceKeepsTheNextTurnFromWaiting) {
  bool posted = false;
  CountingSource source([&] {
    if (!posted) loop_.Post([&] { log_.push_back("task"); });
    posted = true;
  });
  loop_.AddSource(&source);
  loop_.Turn(false);
  EXPECT_TRUE(log_.empty());
  loop_.Turn(true);
  EXPECT_EQ(log_, (std::vector<std::string>{"task"}));
}

TEST_F(LoopTest, EventsAlreadyFetchedForARemovedDescriptorAreDropped) {
  Fd a;
  Fd b;
  int calls = 0;
  // Whichever comes first removes the other, whose event lies in the same batch.
  Handler on_a([&](uint32_t) {
    ++calls;
    loop_.Unwatch(b.get());
  });
  Handler on_b([&](uint32_t) {
    ++calls;
    loop_.Unwatch(a.get());
  });
  ASSERT_TRUE(loop_.Watch(a.get(), EPOLLIN, &on_a).ok());
  ASSERT_TRUE(loop_.Watch(b.get(), EPOLLIN, &on_b).ok());
  a.Signal();
  b.Signal();
  loop_.Turn(false);
  EXPECT_EQ(calls, 1);
}

TEST_F(LoopTest, AnEventForTheFormerOwnerOfADescriptorNumberDoesNotReachTheNewOne) {
  Fd a;
  Fd b;
  int stale = 0;
  Handler fresh([&](uint32_t) { ++stale; });
  // Takes both numbers over while the other's event is still in the batch.
  Handler takes_over([&](uint32_t) {
    for (const Fd* fd : {&a, &b}) {
      loop_.Unwatch(fd->get());
      fd->Drain();
      ASSERT_TRUE(loop_.Watch(fd->get(), EPOLLIN, &fresh).ok());
    }
  });
  ASSERT_TRUE(loop_.Watch(a.get(), EPOLLIN, &takes_over).ok());
  ASSERT_TRUE(loop_.Watch(b.get(), EPOLLIN, &takes_over).ok());
  a.Signal();
  b.Signal();
  loop_.Turn(false);
  EXPECT_EQ(stale, 0);
  a.Signal();
  loop_.Turn(false);
  EXPECT_EQ(stale, 1);
}

TEST_F(LoopTest, RewatchChangesTheEventsWaitedFor) {
  Fd fd;
  uint32_t seen = 0;
  Handler handler([&](uint32_t events) { seen = events; });
  ASSERT_TRUE(loop_.Watch(fd.get(), EPOLLIN, &handler).ok());
  loop_.Turn(false);
  EXPECT_EQ(seen, 0u);
  ASSERT_TRUE(loop_.Rewatch(fd.get(), EPOLLOUT).ok());
  loop_.Turn(false);
  EXPECT_EQ(seen, static_cast<uint32_t>(EPOLLOUT));
}

TEST_F(LoopTest, WatchingANumberThatIsNoDescriptorFails) {
  Handler handler([](uint32_t) {});
  EXPECT_FALSE(loop_.Watch(100'000, EPOLLIN, &handler).ok());
  EXPECT_EQ(loop_.Rewatch(100'000, EPOLLIN).code(), absl::StatusCode::kNotFound);
  loop_.Unwatch(100'000);
}

TEST_F(LoopTest, NowStandsStillWithinATurn) {
  const MonoTime before = loop_.Now();
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(loop_.Now(), before);
  loop_.Turn(false);
  EXPECT_EQ(loop_.Now(), before + std::chrono::seconds(1));
}

TEST(LoopThreadTest, PostWakesASleepingLoopAndStopRunsWhatWasPostedBefore) {
  Loop loop(Clock::Real());
  EXPECT_TRUE(loop.OnLoopThread());  // nobody runs it yet: set-up
  std::thread thread([&] { loop.Run(); });
  std::promise<bool> on_thread;
  loop.Post([&] { on_thread.set_value(loop.OnLoopThread()); });
  EXPECT_TRUE(on_thread.get_future().get());
  EXPECT_FALSE(loop.OnLoopThread());
  int ran = 0;
  for (int i = 0; i < 1000; ++i) loop.Post([&] { ++ran; });
  loop.Stop();
  thread.join();
  EXPECT_EQ(ran, 1000);
}

TEST(LoopThreadTest, ALoopThatWasStoppedRunsAgain) {
  Loop loop(Clock::Real());
  int ran = 0;
  for (int round = 0; round < 2; ++round) {
    loop.Post([&] {
      ++ran;
      loop.Stop();
    });
    loop.Run();
  }
  EXPECT_EQ(ran, 2);
}

TEST(LoopThreadTest, PostsFromSeveralThreadsAllArriveInEachOnesOrder) {
  Loop loop(Clock::Real());
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  std::vector<int> next(kThreads, 0);
  int done = 0;
  bool in_order = true;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop.Post([&, t, i] {
          in_order = in_order && next[t]++ == i;
          if (++done == kThreads * kPosts) loop.Stop();
        });
      }
    });
  }
  loop.Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(done, kThreads * kPosts);
}

TEST(LoopThreadTest, AnIdleLoopSleepsThroughCancelledTimers) {
  Loop loop(Clock::Real());
  int turns = 0;
  CountingSource source([&] { ++turns; });
  loop.AddSource(&source);
  Timer cancelled(loop, [] { FAIL(); });
  cancelled.ArmAfter(absl::Microseconds(100));
  cancelled.Cancel();
  Timer end(loop, [&] { loop.Stop(); });
  end.ArmAfter(absl::Milliseconds(20));
  loop.Run();
  EXPECT_LE(turns, 3);  // start, the timer, the stop
}

TEST(LoopThreadTest, ATimerUnderAMillisecondIsNotRoundedUp) {
  Loop loop(Clock::Real());
  Nanos best = Nanos::max();
  for (int i = 0; i < 50; ++i) {
    Timer timer(loop, [&] { loop.Stop(); });
    loop.Turn(false);
    const MonoTime start = Clock::Real().Now();
    timer.ArmAt(start + std::chrono::microseconds(200));
    loop.Run();
    const Nanos took = Clock::Real().Now() - start;
    EXPECT_GE(took, std::chrono::microseconds(200));
    best = std::min(best, took);
  }
  EXPECT_LT(best, std::chrono::microseconds(900));
}

TEST(LoopTeardownTest, TasksThatNeverRanAreDestroyedEvenIfTheyPostOthers) {
  const Clock& clock = Clock::Real();
  auto alive = std::make_shared<int>(0);
  {
    Loop loop(clock);
    struct PostsOnDestruction {
      Loop& loop;
      std::shared_ptr<int> held;
      ~PostsOnDestruction() {
        loop.Post([held = held] {});
      }
    };
    loop.Post([p = std::make_unique<PostsOnDestruction>(PostsOnDestruction{loop, alive})] {});
  }
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace sluice::loop
