#include "server/exchange/exchange.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/utf8.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExchangeTest : public World {
 protected:
  std::vector<std::string> ViolatedFields() const {
    std::vector<std::string> fields;
    if (heard_.error) {
      for (const auto& violation : heard_.error->violations) fields.push_back(violation.field);
    }
    return fields;
  }
};

TEST_F(ExchangeTest, AnAnswerComesAsItsEventsInOrder) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(RoleChunk());
  call.Body(TextChunk("Hel"));
  call.Body(TextChunk("lo"));
  call.Body(FinishChunk());
  call.Body(UsageChunk());
  EXPECT_FALSE(heard_.ended);
  call.Body(kDone);
  EXPECT_THAT(heard_.lines, ElementsAre("started c1 gpt-4.1-2025 relay - 1", "text[0] Hel", "text[0] lo",
                                        "finished[0] stop", "usage 5/3", "end"));
}

TEST_F(ExchangeTest, AModelWithoutARouteEndsBeforeAnythingIsSent) {
  Start(Ask("claude-4"));
  EXPECT_THAT(heard_.lines, ElementsAre("end no_route"));
  EXPECT_THAT(heard_.error->message, HasSubstr("\"claude-4\""));
  EXPECT_EQ(client_.size(), 0u);
}

TEST_F(ExchangeTest, ARequestWithoutAModelNeedsADefault) {
  Start(Ask(""));
  EXPECT_THAT(ViolatedFields(), ElementsAre("model"));
}

TEST_F(ExchangeTest, ARequestWithoutAModelGetsTheDefault) {
  plan_->default_model = "gpt-4.1";
  Start(Ask(""));
  ASSERT_EQ(client_.size(), 1u);
  EXPECT_THAT(client_.last().request.body, HasSubstr(R"("model":"gpt-4.1")"));
}

TEST_F(ExchangeTest, EveryViolationIsReportedAtOnceTheEdgesFirst) {
  chat::Request request = Ask("gpt-4.1");
  request.temperature = 7;
  request.n = 0;
  Start(std::move(request), {}, {{"tools", "not translated"}});
  EXPECT_THAT(heard_.lines, ElementsAre("end bad_request"));
  EXPECT_THAT(ViolatedFields(), ElementsAre("tools", "temperature", "n"));
  EXPECT_THAT(heard_.error->message, HasSubstr("tools: not translated; temperature: "));
  EXPECT_EQ(client_.size(), 0u);
}

TEST_F(ExchangeTest, ViolationsAreNamedAsTheCallersMessageNamesThem) {
  CallFacts facts;
  facts.request_field = "chat";
  chat::Request request = Ask("gpt-4.1");
  request.temperature = 7;
  Start(std::move(request), std::move(facts), {{"", "a field of a newer contract"}, {"tools", "not translated"}});
  EXPECT_THAT(ViolatedFields(), ElementsAre("chat", "chat.tools", "chat.temperature"));
}

TEST_F(ExchangeTest, TheRouteRenamesTheModel) {
  Start(Ask("fast"));
  ASSERT_EQ(client_.size(), 1u);
  EXPECT_EQ(client_.last().request.url, "https://local.test/v1/chat/completions");
  EXPECT_THAT(client_.last().request.body, HasSubstr(R"("model":"llama-3")"));
  EXPECT_THAT(client_.last().request.body, Not(HasSubstr("fast")));
}

TEST_F(ExchangeTest, TheUpstreamGetsTheRequestIdTheTraceAndTheKey) {
  CallFacts facts;
  facts.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  facts.tracestate = "congo=t61rcWkgMzE";
  Start(Ask("gpt-4.1"), std::move(facts));
  const auto& call = client_.last();
  EXPECT_EQ(call.Header("X-Request-Id"), "req-7");
  EXPECT_EQ(call.Header("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(call.Header("tracestate"), "congo=t61rcWkgMzE");
  EXPECT_EQ(call.Header("Authorization"), "Bearer sk-test");
  EXPECT_EQ(call.destination->name, "relay");
}

TEST_F(ExchangeTest, WithoutATraceNoneIsSent) {
  Start(Ask("gpt-4.1"));
  EXPECT_EQ(client_.last().Header("traceparent"), "(absent)");
  EXPECT_EQ(client_.last().Header("tracestate"), "(absent)");
}

TEST_F(ExchangeTest, StartedWaitsForTheFirstOutput) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(": PING\n\n");
  call.Body(RoleChunk());
  call.Body(Event(R"({"id":"c1","choices":[{"index":0,"delta":{}}]})"));
  EXPECT_THAT(heard_.lines, IsEmpty());
  call.Body(TextChunk("a"));
  EXPECT_THAT(heard_.lines, ElementsAre("started c1 gpt-4.1-2025 relay - 1", "text[0] a"));
}

TEST_F(ExchangeTest, ReasoningIsOutput) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(Event(R"({"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]})"));
  EXPECT_THAT(heard_.lines, ElementsAre("started c1 - relay - 1", "reasoning[0] hm"));
}

TEST_F(ExchangeTest, AnAnswerWithNeitherOutputNorFinishIsStartedAllTheSame) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(RoleChunk());
  call.Body(kDone);
  ASSERT_EQ(heard_.lines.size(), 2u);
  EXPECT_THAT(heard_.lines[0], HasSubstr("started "));
  EXPECT_EQ(heard_.lines[1], "end");
}

TEST_F(ExchangeTest, UsageIsAskedForButKeptBackWhereTheCallerDoesNotWantIt) {
  chat::Request request = Ask("gpt-4.1");
  request.include_usage = false;
  auto& call = Stream(std::move(request));
  EXPECT_THAT(call.request.body, HasSubstr(R"("include_usage":true)"));
  call.Body(TextChunk("a"));
  call.Body(FinishChunk());
  call.Body(UsageChunk());
  call.Body(kDone);
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "finished[0] stop", "end"));
  EXPECT_EQ(ledger_->usage().completion_tokens, 3);
}

TEST_F(ExchangeTest, AFinishAndTheEndOfTheBodyAreAnEndWithoutTheMark) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a") + FinishChunk());
  call.End();
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "finished[0] stop", "end"));
}

TEST_F(ExchangeTest, TheConnectionIsKeptAfterTheEndMark) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a") + FinishChunk() + kDone);
  EXPECT_TRUE(call.retired);
  EXPECT_FALSE(call.closed);
}

TEST_F(ExchangeTest, TheConnectionIsClosedAfterAnErrorInTheStream) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a"));
  call.Body(Event(R"({"error":{"message":"overloaded","code":"server_is_overloaded"}})"));
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "estimated 4/1", "end overloaded"));
  EXPECT_TRUE(call.closed);
  EXPECT_FALSE(call.retired);
}

TEST_F(ExchangeTest, TheProvidersRequestIdIsShownAndIsUtf8) {
  Start(Ask("gpt-4.1"));
  auto& call = client_.last();
  call.Sent();
  call.Head(200,
            {{"content-type", "text/event-stream"}, {"x-request-id", absl::StrCat("r\xE9q", std::string(500, 'x'))}});
  call.Body(TextChunk("a"));
  ASSERT_EQ(heard_.lines.size(), 2u);
  EXPECT_THAT(heard_.lines[0], HasSubstr("r\xEF\xBF\xBDqxxx"));
  EXPECT_TRUE(IsValidUtf8(heard_.lines[0]));
  EXPECT_LT(heard_.lines[0].size(), 200u);
}

TEST_F(ExchangeTest, AnthropicsNameOfTheRequestIdCountsToo) {
  Start(Ask("gpt-4.1"));
  auto& call = client_.last();
  call.Sent();
  call.Head(200, {{"request-id", "req_a"}});
  call.Body(TextChunk("a"));
  EXPECT_EQ(heard_.lines.at(0), "started c1 gpt-4.1-2025 relay req_a 1");
}

// ---- Back-pressure.

TEST_F(ExchangeTest, PauseAndResumeAreHandedOnOnce) {
  auto& call = Stream(Ask("gpt-4.1"));
  exchange_->Resume();
  EXPECT_EQ(call.resumes, 0);
  exchange_->Pause();
  exchange_->Pause();
  EXPECT_EQ(call.pauses, 1);
  exchange_->Resume();
  exchange_->Resume();
  EXPECT_EQ(call.resumes, 1);
  EXPECT_EQ(Metric(R"(sluice_backpressure_pauses_total{upstream="relay"})"), 1);
}

TEST_F(ExchangeTest, PauseAfterTheEndDoesNothing) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a") + FinishChunk() + kDone);
  exchange_->Pause();
  exchange_->Resume();
  EXPECT_EQ(call.pauses, 0);
}

// ---- Reload.

TEST_F(ExchangeTest, ACallKeepsThePlanItBeganWith) {
  Start(Ask("gpt-4.1"));
  context_.plan = std::make_shared<Plan>();
  client_.last().Sent();
  client_.last().Head(200);
  client_.last().Body(TextChunk("a") + FinishChunk() + kDone);
  EXPECT_EQ(heard_.lines.back(), "end");
}

}  // namespace
}  // namespace sluice::exchange
