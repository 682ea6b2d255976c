// What is said beside an answer (sources, moderation, warnings), as Chat streams it and as Complete gathers it.

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/dialect/opaque.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using exchange::Event;
using exchange::FinishChunk;
using exchange::kDone;
using exchange::TextChunk;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kCited[] =
    R"({"id":"c1","choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation",)"
    R"("url_citation":{"url":"https://example.org","title":"E","start_index":0,"end_index":4}}]}}]})";
constexpr char kJudged[] = R"({"id":"c1","choices":[],"moderation":{"flagged":true}})";
constexpr char kBusy[] = R"({"error":{"message":"busy","type":"overloaded_error"}})";

class RemarksTest : public Rig {
 protected:
  static void Begin(upstream::FakeCall& call) {
    call.Sent();
    call.Head(200);
  }
  // A turn of a conversation in which another dialect's upstream answered before.
  static v1::ChatRequest AskWithForeignOpaque() {
    v1::ChatRequest request = Ask();
    v1::Message* message = request.add_messages();
    message->set_role(v1::ROLE_ASSISTANT);
    message->add_content()->mutable_opaque()->set_data(dialect::WrapOpaque("another", "{}"));
    message->add_content()->set_text("hello");
    *request.add_messages() = request.messages(0);
    return request;
  }
  grpc::Status Complete(const v1::ChatRequest& chat) {
    v1::CompleteRequest request;
    *request.mutable_chat() = chat;
    grpc::ClientContext context;
    return chat_->Complete(&context, request, &response_);
  }
  // The first attempt fails after it said something beside its answer; the second answers.
  void FailOnce() {
    OnLoop([this] { context_.plan = plan_ = exchange::MakePlan(metrics_, /*attempts=*/2); });
    SetScript([this](auto& call) {
      Begin(call);
      if (client_.size() == 1) {
        call.Body(Event(kJudged) + Event(kCited) + TextChunk("lost") + Event(kBusy));
      } else {
        call.Body(TextChunk("kept") + FinishChunk() + kDone);
      }
    });
  }

  v1::CompleteResponse response_;
};

TEST_F(RemarksTest, AnnotationsModerationAndWarningsAreEventsOfTheirOwn) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(Event(kJudged) + TextChunk("a") + Event(kCited) + FinishChunk() + kDone);
  });
  grpc::Status status;
  const auto events = Chat(AskWithForeignOpaque(), &status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(events,
              ElementsAre(HasSubstr("started"), AllOf(HasSubstr("warning"), HasSubstr("messages[1].content[0].opaque")),
                          AllOf(HasSubstr("moderation"), HasSubstr("flagged: true")), "delta { text: \"a\" }",
                          AllOf(HasSubstr("annotation"), HasSubstr("url: \"https://example.org\""),
                                HasSubstr("start_index: 0 end_index: 4")),
                          HasSubstr("FINISH_REASON_STOP")));
}

TEST_F(RemarksTest, CompleteGathersThem) {
  SetScript([](auto& call) {
    Begin(call);
    call.Body(Event(kJudged) + TextChunk("a") + Event(kCited) + FinishChunk() + kDone);
  });
  const grpc::Status status = Complete(AskWithForeignOpaque());
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response_.choices_size(), 1);
  ASSERT_EQ(response_.choices(0).annotations_size(), 1);
  EXPECT_EQ(response_.choices(0).annotations(0).url(), "https://example.org");
  ASSERT_EQ(response_.moderations_size(), 1);
  EXPECT_TRUE(response_.moderations(0).flagged());
  ASSERT_EQ(response_.warnings_size(), 1);
  EXPECT_EQ(response_.warnings(0).field(), "chat.messages[1].content[0].opaque");
}

TEST_F(RemarksTest, ThoseOfAFailedAttemptNeverLeave) {
  FailOnce();
  grpc::Status status;
  const auto events = Chat(AskWithForeignOpaque(), &status);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(events, ElementsAre(AllOf(HasSubstr("started"), HasSubstr("attempt: 2")), HasSubstr("warning"),
                                  "delta { text: \"kept\" }", HasSubstr("FINISH_REASON_STOP")));
}

TEST_F(RemarksTest, ThoseOfAFailedAttemptAreNotGathered) {
  FailOnce();
  const grpc::Status status = Complete(AskWithForeignOpaque());
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.attempt(), 2);
  ASSERT_EQ(response_.choices_size(), 1);
  EXPECT_EQ(response_.choices(0).text(), "kept");
  EXPECT_EQ(response_.choices(0).annotations_size(), 0);
  EXPECT_EQ(response_.moderations_size(), 0);
  EXPECT_EQ(response_.warnings_size(), 1);
}

// The answer stays open: only what is counted on the way can stop it.
TEST_F(RemarksTest, ALongListOfSourcesIsHeldToTheLimitOfAGatheredAnswer) {
  OnLoop([this] {
    auto plan = std::make_shared<exchange::Plan>(*plan_);
    plan->limits.complete_bytes = 10'000;
    context_.plan = plan_ = std::move(plan);
  });
  SetScript([](auto& call) {
    Begin(call);
    for (int i = 0; i < 200; ++i) call.Body(Event(kCited));
  });
  const grpc::Status status = Complete(Ask());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(status), "ANSWER_TOO_LARGE");
}

// They wait for a slow caller like the answer's text does, and so pause its upstream.
TEST_F(RemarksTest, TheyCountAmongWhatWaitsForASlowCaller) {
  OnLoop([this] {
    auto plan = std::make_shared<exchange::Plan>(*plan_);
    plan->limits.buffer_high = 20'000;
    plan->limits.buffer_low = 10'000;
    context_.plan = plan_ = std::move(plan);
  });
  SetScript([](auto& call) {
    Begin(call);
    for (int i = 0; i < 200; ++i) call.Body(Event(kCited));
    call.Body(TextChunk("a") + FinishChunk() + kDone);
  });
  grpc::Status status;
  EXPECT_EQ(Chat(Ask(), &status).size(), 203u);
  EXPECT_TRUE(status.ok()) << status.error_message();
  OnLoop([this] { EXPECT_GE(client_.call(0).pauses, 1); });
}

}  // namespace
}  // namespace sluice::edge
