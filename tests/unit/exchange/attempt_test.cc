#include "server/exchange/attempt.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Sink final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override { lines.emplace_back(delta.text); }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override { lines.emplace_back("finished"); }
  void OnUsage(const chat::Usage&) override { lines.emplace_back("usage"); }
  void OnDone(const chat::Error* error) override {
    lines.emplace_back(error == nullptr ? "done" : chat::ErrorKindName(error->kind));
    if (attempt != nullptr) attempt->Close(/*keep_connection=*/error == nullptr);
  }
  std::vector<std::string> lines;
  Attempt* attempt = nullptr;  // closed at the end, from inside, as its owner does
};

class AttemptTest : public World {
 protected:
  AttemptTest() {
    sink_.attempt = &attempt_;
    attempt_.Start(plan_->backends[0]->codec->EncodeChat(Ask("gpt-4.1"), plan_->backends[0]->target));
  }

  Sink sink_;
  Attempt attempt_{context_, *plan_, *plan_->backends[0], &sink_};
};

TEST_F(AttemptTest, AnAnswerIsReadAndItsConnectionKept) {
  client_.last().Sent();
  client_.last().Head(200, {{"content-type", "text/event-stream"}, {"x-request-id", "req_9"}});
  EXPECT_TRUE(attempt_.answering());
  client_.last().Body(TextChunk("a") + FinishChunk() + kDone);
  EXPECT_THAT(sink_.lines, ElementsAre("a", "finished", "done"));
  EXPECT_EQ(attempt_.provider_request_id(), "req_9");
  EXPECT_TRUE(client_.last().retired);
  EXPECT_FALSE(attempt_.open());
}

TEST_F(AttemptTest, FirstOutputRunsFromTheRequestSentToTheFirstOutput) {
  Advance(absl::Minutes(1));
  EXPECT_THAT(sink_.lines, IsEmpty());
  client_.last().Sent();
  client_.last().Head(200);
  Advance(absl::Seconds(19));
  attempt_.OutputBegan();
  Advance(absl::Minutes(1));
  EXPECT_THAT(sink_.lines, IsEmpty());
}

TEST_F(AttemptTest, WithoutOutputTheTimerEndsIt) {
  client_.last().Sent();
  Advance(absl::Seconds(20));
  EXPECT_THAT(sink_.lines, ElementsAre("timeout"));
  EXPECT_TRUE(client_.last().closed);
}

TEST_F(AttemptTest, FailHandsOverTheUsageSeen) {
  client_.last().Sent();
  client_.last().Head(200);
  client_.last().Body(TextChunk("a") + UsageChunk());
  chat::Error error;
  error.kind = chat::ErrorKind::kDraining;
  attempt_.Fail(error);
  EXPECT_THAT(sink_.lines, ElementsAre("a", "usage", "draining"));
  EXPECT_TRUE(client_.last().closed);
}

TEST_F(AttemptTest, ACompressedReplyIsRefusedAndSaysWhatToSwitchOff) {
  client_.last().Sent();
  client_.last().Head(200, {{"content-type", "text/event-stream"}, {"content-encoding", "gzip"}});
  EXPECT_THAT(sink_.lines, ElementsAre("not_sse"));
  EXPECT_TRUE(client_.last().closed);
}

TEST_F(AttemptTest, ACodingOfIdentityIsNone) {
  client_.last().Sent();
  client_.last().Head(200, {{"content-encoding", "identity"}});
  client_.last().Body(TextChunk("a"));
  EXPECT_THAT(sink_.lines, ElementsAre("a"));
}

TEST_F(AttemptTest, ARefusalIsNoAnswer) {
  client_.last().Sent();
  client_.last().Head(429);
  EXPECT_TRUE(attempt_.refused());
  EXPECT_FALSE(attempt_.answering());
  client_.last().End();
  EXPECT_THAT(sink_.lines, ElementsAre("rate_limit"));
}

TEST_F(AttemptTest, PauseAndResumeReachTheTransferAndAClosedOneTakesNeither) {
  attempt_.Pause();
  EXPECT_TRUE(attempt_.paused());
  attempt_.Resume();
  EXPECT_FALSE(attempt_.paused());
  EXPECT_EQ(client_.last().pauses, 1);
  EXPECT_EQ(client_.last().resumes, 1);
  attempt_.Close(false);
  attempt_.Pause();
  attempt_.Resume();
  EXPECT_EQ(client_.last().pauses, 1);
}

}  // namespace
}  // namespace sluice::exchange
