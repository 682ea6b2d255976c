#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/exchange/exchange.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// How an exchange ends when it does not end well.
using ExchangeFailureTest = World;

// ---- Replies whose status says no.

struct Reply {
  int status;
  const char* body;
  const char* line;
};

class StatusReplyTest : public World, public ::testing::WithParamInterface<Reply> {};

TEST_P(StatusReplyTest, IsClassified) {
  Start(Ask("gpt-4.1"));
  auto& call = client_.last();
  call.Sent();
  call.Head(GetParam().status, {{"content-type", "application/json"}, {"x-request-id", "req_9"}});
  call.Body(GetParam().body);
  EXPECT_FALSE(heard_.ended) << "the body is not over";
  call.End();
  EXPECT_THAT(heard_.lines, ElementsAre(GetParam().line));
  EXPECT_EQ(heard_.error->http_status, GetParam().status);
  EXPECT_EQ(heard_.error->upstream, "relay");
  EXPECT_EQ(heard_.error->model, "gpt-4.1");
  EXPECT_EQ(heard_.error->request_id, "req_9");
}

INSTANTIATE_TEST_SUITE_P(
    All, StatusReplyTest,
    ::testing::Values(Reply{401, R"({"error":{"code":"invalid_api_key","type":"invalid_request_error"}})",
                            "end authentication"},
                      Reply{403, "", "end permission"}, Reply{404, R"({"error":{}})", "end not_found"},
                      Reply{400, R"({"error":{"code":"context_length_exceeded"}})", "end context_length"},
                      Reply{429, R"({"error":{"code":"rate_limit_exceeded"}})", "end rate_limit"},
                      Reply{429, R"({"error":{"type":"insufficient_quota"}})", "end quota"},
                      Reply{500, "<html>oops</html>", "end server_error"}, Reply{503, "", "end overloaded"},
                      Reply{504, "", "end timeout"}));

TEST_F(ExchangeFailureTest, TheProvidersWordsStayInUnlessExposed) {
  for (const bool expose : {false, true}) {
    plan_->expose_provider_text = expose;
    heard_ = Recorder();
    Start(Ask("gpt-4.1"));
    client_.last().Head(400);
    client_.last().Body(R"({"error":{"message":"your prompt 'hi' is odd","code":"odd"}})");
    client_.last().End();
    ASSERT_TRUE(heard_.error.has_value());
    EXPECT_EQ(heard_.error->provider_message, expose ? "your prompt 'hi' is odd" : "");
    EXPECT_THAT(heard_.error->message, Not(HasSubstr("odd")));
    EXPECT_EQ(heard_.error->provider_code, "odd");
  }
}

TEST_F(ExchangeFailureTest, RetryAfterIsHandedOn) {
  Start(Ask("gpt-4.1"));
  client_.last().Head(429, {{"retry-after", "3"}});
  client_.last().End();
  EXPECT_EQ(heard_.error->retry_after, absl::Seconds(3));
}

TEST_F(ExchangeFailureTest, AnErrorPageIsReadUpTo64KiB) {
  Start(Ask("gpt-4.1"));
  auto& call = client_.last();
  call.Head(503);
  call.Body(std::string((64 << 10) - 1, 'x'));
  EXPECT_FALSE(heard_.ended);
  call.Body("xyz");
  EXPECT_THAT(heard_.lines, ElementsAre("end overloaded"));
  EXPECT_TRUE(call.retired || call.closed);
}

TEST_F(ExchangeFailureTest, AStatusIsTheAnswerEvenWhenItsPageIsCutOff) {
  Start(Ask("gpt-4.1"));
  client_.last().Head(401);
  client_.last().Body("{\"err");
  client_.last().End(upstream::Outcome::kBroken, upstream::Stage::kBody, "connection reset");
  EXPECT_THAT(heard_.lines, ElementsAre("end authentication"));
}

TEST_F(ExchangeFailureTest, ARedirectSaysWhatToSet) {
  Start(Ask("gpt-4.1"));
  client_.last().Head(308, {{"location", "https://elsewhere.test/v1"}});
  client_.last().End();
  EXPECT_THAT(heard_.lines, ElementsAre("end server_error"));
  EXPECT_EQ(heard_.error->http_status, 308);
  EXPECT_THAT(heard_.error->message, HasSubstr("base_url"));
  EXPECT_THAT(heard_.error->message, Not(HasSubstr("elsewhere")));
}

// ---- The transport ends it.

TEST_F(ExchangeFailureTest, AStreamCutAfterOutputIsTruncatedAndKeepsTheUsage) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a"));
  call.Body(UsageChunk());
  call.End(upstream::Outcome::kBroken, upstream::Stage::kBody, "connection reset");
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "usage 5/3", "end truncated"));
  EXPECT_THAT(heard_.error->message, HasSubstr("incomplete"));
  EXPECT_THAT(heard_.error->message, HasSubstr("connection reset"));
}

TEST_F(ExchangeFailureTest, ABodyThatEndsBeforeTheMarkIsTruncated) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a"));
  call.End();
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "estimated 4/1", "end truncated"));
}

TEST_F(ExchangeFailureTest, AnUnreachableUpstreamIsNamed) {
  Start(Ask("fast"));
  client_.last().End(upstream::Outcome::kUnreachable, upstream::Stage::kConnect, "connection refused");
  EXPECT_THAT(heard_.lines, ElementsAre("end unreachable connect"));
  EXPECT_EQ(heard_.error->upstream, "local");
  EXPECT_EQ(heard_.error->model, "llama-3");
}

// ---- Timers.

TEST_F(ExchangeFailureTest, RoleChunksAndCommentsAreNotTheFirstOutput) {
  auto& call = Stream(Ask("gpt-4.1"));
  for (int i = 0; i < 19; ++i) {
    Advance(absl::Seconds(1));
    call.Body(": PING\n\n");
    call.Body(RoleChunk());
  }
  EXPECT_FALSE(heard_.ended);
  Advance(absl::Seconds(1));
  EXPECT_THAT(heard_.lines, ElementsAre("started - - relay - 1", "estimated 4/0", "end timeout first_output"));
  EXPECT_THAT(heard_.error->message, HasSubstr("timeouts.first_output (20s)"));
  EXPECT_TRUE(call.closed);
}

TEST_F(ExchangeFailureTest, FirstOutputIsCountedFromTheRequestsLastByte) {
  Start(Ask("gpt-4.1"));
  Advance(absl::Seconds(30));
  EXPECT_FALSE(heard_.ended);
  client_.last().Sent();
  Advance(absl::Seconds(19));
  EXPECT_FALSE(heard_.ended);
  Advance(absl::Seconds(1));
  EXPECT_THAT(heard_.lines, ElementsAre("end timeout first_output"));
}

TEST_F(ExchangeFailureTest, AfterTheFirstOutputOnlyTheTotalCounts) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a"));
  Advance(absl::Seconds(59));
  EXPECT_FALSE(heard_.ended);
  Advance(absl::Seconds(1));
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "estimated 4/1", "end timeout total"));
  EXPECT_THAT(heard_.error->message, HasSubstr("timeouts.total (1m)"));
}

TEST_F(ExchangeFailureTest, TheCallersNearerDeadlineNamesItself) {
  CallFacts facts;
  facts.deadline = clock_.Now() + std::chrono::seconds(10);
  auto& call = Stream(Ask("gpt-4.1"), std::move(facts));
  call.Body(TextChunk("a"));
  call.Body(UsageChunk());
  Advance(absl::Seconds(10));
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "usage 5/3", "end deadline deadline"));
  EXPECT_TRUE(call.closed);
}

TEST_F(ExchangeFailureTest, ALaterDeadlineLeavesItToTheTotal) {
  CallFacts facts;
  facts.deadline = clock_.Now() + std::chrono::seconds(61);
  Stream(Ask("gpt-4.1"), std::move(facts)).Body(TextChunk("a"));
  Advance(absl::Seconds(60));
  EXPECT_EQ(heard_.lines.back(), "end timeout total");
}

TEST_F(ExchangeFailureTest, AStatusThatSaysNoIsNotLostToTheFirstOutputTimer) {
  Start(Ask("gpt-4.1"));
  client_.last().Sent();
  client_.last().Head(401);
  Advance(absl::Seconds(25));
  EXPECT_FALSE(heard_.ended);
  client_.last().End(upstream::Outcome::kTimeout, upstream::Stage::kBody);
  EXPECT_THAT(heard_.lines, ElementsAre("end authentication"));
}

TEST_F(ExchangeFailureTest, NoTimerFiresAfterTheEnd) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a") + FinishChunk() + kDone);
  Advance(absl::Hours(1));
  EXPECT_EQ(heard_.lines.back(), "end");
}

// ---- The caller leaves.

chat::Error Left() {
  chat::Error error;
  error.kind = chat::ErrorKind::kCancelled;
  return error;
}

TEST_F(ExchangeFailureTest, AbortClosesTheUpstreamAtEveryStageAndNothingMoreIsHeard) {
  const std::vector<std::function<void(upstream::FakeCall&)>> stages = {
      [](upstream::FakeCall&) {},
      [](upstream::FakeCall& call) { call.Sent(); },
      [](upstream::FakeCall& call) { call.Sent(), call.Head(200); },
      [](upstream::FakeCall& call) { call.Sent(), call.Head(200), call.Body(TextChunk("a")); },
      [](upstream::FakeCall& call) { call.Sent(), call.Head(503); },
  };
  for (size_t i = 0; i < stages.size(); ++i) {
    SCOPED_TRACE(i);
    heard_ = Recorder();
    Start(Ask("gpt-4.1"));
    auto& call = client_.last();
    stages[i](call);
    const size_t heard = heard_.lines.size();
    exchange_->Abort(Left());
    EXPECT_TRUE(call.closed);
    EXPECT_FALSE(call.retired);
    Advance(absl::Hours(1));
    EXPECT_EQ(heard_.lines.size(), heard);
  }
}

TEST_F(ExchangeFailureTest, AbortAfterTheEndDoesNothing) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a") + FinishChunk() + kDone);
  exchange_->Abort(Left());
  EXPECT_TRUE(call.retired);
  EXPECT_EQ(heard_.lines.back(), "end");
}

TEST_F(ExchangeFailureTest, DestroyingItClosesTheUpstream) {
  auto& call = Stream(Ask("gpt-4.1"));
  exchange_.reset();
  EXPECT_TRUE(call.closed);
}

}  // namespace
}  // namespace sluice::exchange
