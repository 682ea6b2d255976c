#include "server/edge/grpc/complete_call.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using ::testing::ElementsAre;

class CompleteCallTest : public Rig {
 protected:
  grpc::Status Complete(grpc::ClientContext* context, const v1::CompleteRequest& request) {
    return chat_->Complete(context, request, &response_);
  }
  static v1::CompleteRequest AskWhole() {
    v1::CompleteRequest request;
    *request.mutable_chat() = Ask();
    return request;
  }
  void AnswerHello() {
    SetScript([](auto& call) {
      call.Sent();
      call.Head(200);
      call.Body(exchange::TextChunk("Hel") + exchange::TextChunk("lo") + exchange::FinishChunk() +
                exchange::UsageChunk() + exchange::kDone);
    });
  }

  v1::CompleteResponse response_;
};

TEST_F(CompleteCallTest, GathersTheAnswer) {
  AnswerHello();
  grpc::ClientContext context;
  const grpc::Status status = Complete(&context, AskWhole());
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.upstream(), "relay");
  EXPECT_EQ(response_.attempt(), 1);
  ASSERT_EQ(response_.choices_size(), 1);
  EXPECT_EQ(response_.choices(0).text(), "Hello");
  EXPECT_EQ(response_.usage().completion_tokens(), 3);
  EXPECT_EQ(context.GetServerInitialMetadata().count("x-request-id"), 1u);
}

TEST_F(CompleteCallTest, FieldsAtFaultAreNamedFromTheCallersMessageOn) {
  v1::CompleteRequest request = AskWhole();
  request.mutable_chat()->set_temperature(7);
  request.mutable_chat()->add_tools();
  grpc::ClientContext context;
  const grpc::Status status = Complete(&context, request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(FieldsOf(status), ElementsAre("chat.temperature", "chat.tools[0]"));
}

TEST_F(CompleteCallTest, WhatOnlyMattersToAStreamHasNoEffect) {
  AnswerHello();
  v1::CompleteRequest request = AskWhole();
  request.mutable_chat()->mutable_heartbeat_interval()->set_seconds(1);
  request.mutable_chat()->mutable_stream_options()->set_include_usage(false);
  request.mutable_chat()->mutable_stream_options()->set_include_obfuscation(true);
  grpc::ClientContext context;
  const grpc::Status status = Complete(&context, request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response_.has_usage());
}

TEST_F(CompleteCallTest, AnAnswerThatBreaksIsAnErrorWithoutContent) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(200);
    call.Body(exchange::TextChunk("half"));
    call.End();
  });
  grpc::ClientContext context;
  const grpc::Status status = Complete(&context, AskWhole());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_TRUNCATED");
  EXPECT_EQ(response_.choices_size(), 0);
}

TEST_F(CompleteCallTest, OutputOfAFailedAttemptIsNotGathered) {
  OnLoop([this] { context_.plan = plan_ = exchange::MakePlan(metrics_, /*attempts=*/2); });
  SetScript([this](auto& call) {
    call.Sent();
    call.Head(200);
    if (client_.size() == 1) {
      call.Body(exchange::TextChunk("lost"));
      call.Body(exchange::Event(R"({"error":{"message":"busy","type":"overloaded_error"}})"));
    } else {
      call.Body(exchange::TextChunk("kept") + exchange::FinishChunk() + exchange::kDone);
    }
  });
  grpc::ClientContext context;
  const grpc::Status status = Complete(&context, AskWhole());
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.attempt(), 2);
  EXPECT_EQ(response_.choices(0).text(), "kept");
  OnLoop([this] { EXPECT_EQ(client_.call(0).request.body, client_.call(1).request.body); });
}

TEST_F(CompleteCallTest, TheCallersDeadlineClosesTheUpstream) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  EXPECT_EQ(Complete(&context, AskWhole()).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  WaitForUpstream([](const auto& call) { return call.closed; });
}

}  // namespace
}  // namespace sluice::edge
