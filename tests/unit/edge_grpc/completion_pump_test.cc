#include "server/edge/grpc/completion_pump.h"

#include <grpcpp/alarm.h>
#include <grpcpp/server.h>

#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace sluice::edge {
namespace {

// A queue with its server, which a queue needs to be shut down in order.
class CompletionPumpTest : public ::testing::Test, public CompletionTag {
 protected:
  CompletionPumpTest() {
    grpc::ServerBuilder builder;
    pump_ = std::make_unique<CompletionPump>(loop_, builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
  }
  ~CompletionPumpTest() override {
    server_->Shutdown();
    pump_->Shutdown();
  }

  void OnComplete(bool ok) override {
    ++completed_;
    ok_ = ok;
    on_loop_ = loop_.OnLoopThread();
  }
  void SetAlarm() {
    alarm_.Set(pump_->queue(), gpr_inf_future(GPR_CLOCK_MONOTONIC), static_cast<CompletionTag*>(this));
  }

  loop::Loop loop_{Clock::Real()};
  std::unique_ptr<CompletionPump> pump_;
  std::unique_ptr<grpc::Server> server_;
  grpc::Alarm alarm_;
  int completed_ = 0;
  bool ok_ = true;
  bool on_loop_ = false;
};

TEST_F(CompletionPumpTest, AnOperationThatCompletesAtOnceNeverTouchesTheQueue) {
  pump_->Start();
  bool ok = true;
  const bool done = pump_->Issue(this, &ok, [this] {
    SetAlarm();
    alarm_.Cancel();
  });
  EXPECT_TRUE(done);
  EXPECT_FALSE(ok) << "a cancelled alarm";
  loop_.Turn(false);
  EXPECT_EQ(completed_, 0);
}

TEST_F(CompletionPumpTest, AnOperationThatCompletesLaterComesToTheLoop) {
  pump_->Start();
  bool ok = true;
  EXPECT_FALSE(pump_->Issue(this, &ok, [this] { SetAlarm(); }));
  loop_.Turn(false);
  EXPECT_EQ(completed_, 0);
  std::thread([this] { alarm_.Cancel(); }).join();
  while (completed_ == 0) loop_.Turn(true);
  EXPECT_EQ(completed_, 1);
  EXPECT_FALSE(ok_);
  EXPECT_TRUE(on_loop_);
}

TEST_F(CompletionPumpTest, AnotherOperationsCompletionIsNotTakenForOurs) {
  pump_->Start();
  SetAlarm();
  struct Other final : CompletionTag {
    void OnComplete(bool) override { ADD_FAILURE() << "was never issued"; }
  } other;
  bool ok = true;
  EXPECT_FALSE(pump_->Issue(&other, &ok, [this] { alarm_.Cancel(); }));
  while (completed_ == 0) loop_.Turn(true);
  EXPECT_EQ(completed_, 1);
}

TEST_F(CompletionPumpTest, ShutdownLeavesWhatCameInTheMailbox) {
  pump_->Start();
  SetAlarm();
  std::thread([this] { alarm_.Cancel(); }).join();
  server_->Shutdown();
  pump_->Shutdown();
  loop_.Turn(false);
  EXPECT_EQ(completed_, 1);
}

TEST_F(CompletionPumpTest, APumpThatNeverStartedShutsDown) {
  SetAlarm();
  alarm_.Cancel();
  server_->Shutdown();
  pump_->Shutdown();
  loop_.Turn(false);
  EXPECT_EQ(completed_, 1);
}

}  // namespace
}  // namespace sluice::edge
