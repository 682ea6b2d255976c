#include "server/upstream/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::Event;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

class PoolTest : public testing::Test {
 protected:
  std::unique_ptr<loop::Permit> MakeSlot(int number) {
    return std::make_unique<loop::Permit>(pool_->slots(), loop_, [this, number] { granted_.push_back(number); });
  }

  std::shared_ptr<Pool> pool_ = std::make_shared<Pool>(PoolLimits{.connections = 2, .idle = 1});
  loop::Loop loop_{Clock::Real()};
  std::vector<int> granted_;
};

TEST_F(PoolTest, RaisedLimitsLetTheLineInAndLoweredOnesTakeNothingAway) {
  std::vector<std::unique_ptr<loop::Permit>> slots;
  for (int i = 0; i < 5; ++i) {
    slots.push_back(MakeSlot(i));
    slots.back()->Take();
  }
  EXPECT_EQ(pool_->stats().in_flight, 2);
  EXPECT_EQ(pool_->stats().waiting, 3);
  pool_->SetLimits({.connections = 4, .idle = 1});
  loop_.Turn(false);
  EXPECT_EQ(granted_, (std::vector<int>{2, 3}));
  pool_->SetLimits({.connections = 1, .idle = 1});
  EXPECT_EQ(pool_->stats().in_flight, 4);
  for (int i = 0; i < 3; ++i) slots[static_cast<size_t>(i)] = nullptr;
  loop_.Turn(false);
  EXPECT_EQ(pool_->stats().waiting, 1);
  slots[3] = nullptr;
  loop_.Turn(false);
  EXPECT_EQ(granted_.back(), 4);
}

TEST_F(PoolTest, RoomForIdleCountsWhatIsOpenBeyondWhatIsInFlight) {
  auto slot = MakeSlot(1);
  slot->Take();
  pool_->ConnectionOpened();
  EXPECT_TRUE(pool_->RoomForIdle());
  slot = nullptr;
  EXPECT_FALSE(pool_->RoomForIdle());
  pool_->SetLimits({.connections = 2, .idle = 2});
  EXPECT_TRUE(pool_->RoomForIdle());
  EXPECT_FALSE(pool_->RoomForIdle(1));
  pool_->ConnectionClosed();
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_EQ(pool_->stats().opened_total, 1u);
}

// One engine: a thread with its loop and client.
class Engine {
 public:
  Engine() : client_(loop_), thread_([this] { loop_.Run(); }) {}
  ~Engine() {
    loop_.Stop();
    thread_.join();
  }
  loop::Loop& loop() { return loop_; }
  CurlClient& client() { return client_; }

 private:
  loop::Loop loop_{Clock::Real()};
  CurlClient client_;
  std::thread thread_;
};

// Calls in a row on one engine, each started when the one before has ended.
class Runner final : public Receiver {
 public:
  Runner(Engine& engine, std::shared_ptr<const Destination> destination, std::string url, int calls, Event* done)
      : engine_(engine), destination_(std::move(destination)), url_(std::move(url)), left_(calls), done_(done) {}
  void Next() {
    if (left_-- == 0) return done_->Set();
    transfer_ = engine_.client().Start(destination_, Post(url_), this);
  }
  void OnSent() override {}
  void OnHead(const ReplyHead&) override {}
  void OnBody(absl::string_view) override {}
  void OnEnd(const Result& result) override {
    completed_ += result.outcome == Outcome::kComplete ? 1 : 0;
    Next();
  }
  int completed() const { return completed_; }

 private:
  Engine& engine_;
  std::shared_ptr<const Destination> destination_;
  std::string url_;
  int left_;
  Event* done_;
  std::unique_ptr<Transfer> transfer_;
  int completed_ = 0;
};

TEST(SharedPoolTest, TwoEnginesKeepOneLimitTogether) {
  constexpr int kLimit = 3;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    most = std::max(most.load(), ++now);
    to.StartSse();
    to.SendSse("x");
    --now;  // before the end can be seen: the next request may come at once
    to.EndChunks();
  });
  auto destination = std::make_shared<Destination>();
  destination->pool = std::make_shared<Pool>(PoolLimits{.connections = kLimit, .idle = kLimit});
  std::vector<std::unique_ptr<Event>> done;
  std::vector<std::unique_ptr<Runner>> runners;
  {
    Engine engines[2];
    for (int i = 0; i < 16; ++i) {
      done.push_back(std::make_unique<Event>());
      Engine& engine = engines[i % 2];
      runners.push_back(std::make_unique<Runner>(engine, destination, upstream.Url(), 20, done.back().get()));
      engine.loop().Post([runner = runners.back().get()] { runner->Next(); });
    }
    for (auto& event : done) ASSERT_TRUE(event->Wait());
  }
  for (auto& runner : runners) EXPECT_EQ(runner->completed(), 20);
  EXPECT_LE(most.load(), kLimit);
  EXPECT_EQ(destination->pool->stats().in_flight, 0);
  EXPECT_EQ(destination->pool->stats().open, 0);
  EXPECT_EQ(upstream.counts().requests, 16 * 20);
}

}  // namespace
}  // namespace sluice::upstream
