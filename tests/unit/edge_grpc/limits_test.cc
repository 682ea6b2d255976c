// Our own limits refuse with their name; what ends early says what it used.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using exchange::FinishChunk;
using exchange::kDone;
using exchange::TextChunk;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LimitsTest : public Rig {
 protected:
  // Before the first call.
  void SetLimits(const std::function<void(exchange::Limits*)>& change) {
    OnLoop([&] {
      auto plan = std::make_shared<exchange::Plan>(*plan_);
      change(&plan->limits);
      context_.plan = plan_ = plan;
    });
  }
  static void Answer(upstream::FakeCall& call) {
    call.Sent();
    call.Head(200);
    call.Body(TextChunk("a") + FinishChunk() + kDone);
  }
  static v1::CompleteRequest AskWhole() {
    v1::CompleteRequest request;
    *request.mutable_chat() = Ask();
    return request;
  }
};

TEST_F(LimitsTest, ARequestAboveTheLimitIsRefusedByNameAndNotSent) {
  SetLimits([](exchange::Limits* limits) { limits->request_bytes = 1000; });
  v1::ChatRequest request = Ask();
  request.mutable_messages(0)->mutable_content(0)->set_text(std::string(1001, 'x'));
  grpc::Status status;
  EXPECT_THAT(Chat(request, &status), IsEmpty());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "REQUEST_TOO_LARGE");
  EXPECT_EQ(MetadataOf(status)["limit"], "limits.request_bytes");
  OnLoop([this] { EXPECT_EQ(client_.size(), 0u); });
}

TEST_F(LimitsTest, TooManyMessagesAreRefusedByName) {
  SetLimits([](exchange::Limits* limits) { limits->messages = 1; });
  v1::ChatRequest request = Ask();
  *request.add_messages() = request.messages(0);
  grpc::Status status;
  Chat(request, &status);
  EXPECT_EQ(ReasonOf(status), "REQUEST_TOO_LARGE");
  EXPECT_EQ(MetadataOf(status)["limit"], "limits.messages");
}

TEST_F(LimitsTest, ACallAboveTheLimitWaitsForItsTurn) {
  open_calls_->SetLimits(1, 1);
  SetScript([](auto& call) { call.Sent(); });
  grpc::ClientContext first_context;
  const auto first = chat_->Chat(&first_context, Ask());
  WaitForUpstream([](const auto&) { return true; });
  std::thread waiter([this] {
    grpc::Status status;
    Chat(Ask(), &status);
    EXPECT_TRUE(status.ok()) << status.error_message();
  });
  while (open_calls_->waiting() == 0) std::this_thread::yield();
  grpc::Status refused;
  Chat(Ask(), &refused);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_CALLS");
  EXPECT_EQ(MetadataOf(refused)["limit"], "limits.queued_calls");
  SetScript(&Answer);
  OnLoop([this] { Answer(client_.call(0)); });
  waiter.join();
}

TEST_F(LimitsTest, AWaitThatTakesTooLongEnds) {
  open_calls_->SetLimits(1, 1);
  SetLimits([](exchange::Limits* limits) { limits->queue_wait = absl::Milliseconds(20); });
  SetScript([](auto& call) { call.Sent(); });
  grpc::ClientContext context;
  const auto first = chat_->Chat(&context, Ask());
  WaitForUpstream([](const auto&) { return true; });
  grpc::ClientContext second;
  v1::CompleteResponse response;
  const grpc::Status status = chat_->Complete(&second, AskWhole(), &response);
  EXPECT_EQ(ReasonOf(status), "TOO_MANY_CALLS");
  EXPECT_EQ(MetadataOf(status)["limit"], "limits.open_calls");
  EXPECT_EQ(open_calls_->waiting(), 0u);
}

TEST_F(LimitsTest, ACallerThatLeavesTheLineFreesItsPlace) {
  open_calls_->SetLimits(1, 1);
  SetScript([](auto& call) { call.Sent(); });
  grpc::ClientContext context;
  const auto first = chat_->Chat(&context, Ask());
  WaitForUpstream([](const auto&) { return true; });
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext waiting;
    const auto second = chat_->Chat(&waiting, Ask());
    while (open_calls_->waiting() == 0) std::this_thread::yield();
    waiting.TryCancel();
    EXPECT_EQ(second->Finish().error_code(), grpc::StatusCode::CANCELLED);
    while (open_calls_->waiting() != 0) std::this_thread::yield();
  }
  OnLoop([this] { EXPECT_EQ(client_.size(), 1u); });
}

TEST_F(LimitsTest, AnAnswerTooLargeForAStockClientSaysToCallChat) {
  SetLimits([](exchange::Limits* limits) { limits->complete_bytes = 2000; });
  SetScript([](auto& call) {
    call.Sent();
    call.Head(200);
    call.Body(TextChunk(std::string(2001, 'x')));
  });
  grpc::ClientContext context;
  v1::CompleteResponse response;
  const grpc::Status status = chat_->Complete(&context, AskWhole(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "ANSWER_TOO_LARGE");
  EXPECT_THAT(status.error_message(), HasSubstr("call Chat"));
  WaitForUpstream([](const auto& call) { return call.closed; });
  EXPECT_EQ(UsageOf(status).completion_tokens(), 501);
}

TEST_F(LimitsTest, AnAnswerThatOnlyItsFramingMakesTooLargeIsRefusedToo) {
  SetLimits([](exchange::Limits* limits) { limits->complete_bytes = 2000; });
  SetScript([](auto& call) {
    call.Sent();
    call.Head(200);
    call.Body(TextChunk(std::string(1990, 'x')) + FinishChunk() + kDone);
  });
  grpc::ClientContext context;
  v1::CompleteResponse response;
  EXPECT_EQ(ReasonOf(chat_->Complete(&context, AskWhole(), &response)), "ANSWER_TOO_LARGE");
}

TEST_F(LimitsTest, ABrokenCompleteTellsItsUsageInTheDetails) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(200);
    call.Body(TextChunk("abcde"));
    call.End(upstream::Outcome::kBroken);
  });
  grpc::ClientContext context;
  v1::CompleteResponse response;
  const grpc::Status status = chat_->Complete(&context, AskWhole(), &response);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_TRUNCATED");
  EXPECT_TRUE(UsageOf(status).estimated());
  EXPECT_EQ(UsageOf(status).prompt_tokens(), 4);
  EXPECT_EQ(UsageOf(status).completion_tokens(), 2);
}

}  // namespace
}  // namespace sluice::edge
