// What a call meets between the caller's request and the upstream's dialect: what is dropped with a warning, what is
// refused, whose key is sent; and the remarks that come back beside the answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/dialect/opaque.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExchangeFitTest : public World {
 protected:
  // Of the upstream "relay", before the call starts.
  Backend& Relay() {
    auto changed = std::make_shared<Backend>(*plan_->backends[0]);
    plan_->backends[0] = changed;
    return *changed;
  }
  static chat::Request WithForeignOpaque() {
    chat::Request request = Ask("gpt-4.1");
    request.messages.emplace_back().role = chat::Role::kAssistant;
    request.messages[1].content = {{chat::Opaque{dialect::WrapOpaque("elsewhere", "{}")}, false}, chat::TextPart("a")};
    return request;
  }
  static chat::Request WithPadding() {
    chat::Request request = Ask("gpt-4.1");
    request.include_obfuscation = true;
    return request;
  }
};

TEST_F(ExchangeFitTest, WhatOnlyAnotherProviderCanReadIsDroppedWithAWarning) {
  auto& call = Stream(WithForeignOpaque());
  EXPECT_THAT(call.request.body, Not(HasSubstr("elsewhere")));
  call.Body(TextChunk("Hi"));
  EXPECT_THAT(heard_.lines,
              ElementsAre("started c1 gpt-4.1-2025 relay - 1", "warning messages[1].content[0].opaque", "text[0] Hi"));
}

TEST_F(ExchangeFitTest, WhatTheDialectCannotSayIsRefusedUnlessConfigured) {
  Relay().target.ask_usage = false;
  Start(WithPadding());
  EXPECT_THAT(heard_.lines, ElementsAre("end bad_request"));
  ASSERT_EQ(heard_.error->violations.size(), 1u);
  EXPECT_EQ(heard_.error->violations[0].field, "stream_options.include_obfuscation");
  EXPECT_EQ(client_.size(), 0u);
}

TEST_F(ExchangeFitTest, OrDroppedWithAWarningWhereItIs) {
  Backend& relay = Relay();
  relay.target.ask_usage = false;
  relay.drops_unsupported = true;
  auto& call = Stream(WithPadding());
  EXPECT_THAT(call.request.body, Not(HasSubstr("obfuscation")));
  call.Body(TextChunk("Hi"));
  EXPECT_THAT(heard_.lines, ElementsAre("started c1 gpt-4.1-2025 relay - 1",
                                        "warning stream_options.include_obfuscation", "text[0] Hi"));
}

TEST_F(ExchangeFitTest, WhatWouldChangeTheQuestionIsRefusedEvenThen) {
  Relay().drops_unsupported = true;
  chat::Request request = WithForeignOpaque();
  request.extra_json = R"({"model":"another"})";
  CallFacts facts;
  facts.request_field = "chat";
  Start(std::move(request), std::move(facts));
  EXPECT_THAT(heard_.lines, ElementsAre("end bad_request"));
  ASSERT_EQ(heard_.error->violations.size(), 1u);
  EXPECT_EQ(heard_.error->violations[0].field, "chat.extra_json.model");
}

TEST_F(ExchangeFitTest, WarningsComeAgainWithTheAttemptThatAnswers) {
  AllowAttempts(2);
  auto& first = Stream(WithForeignOpaque());
  first.Body(Event(R"({"error":{"code":503,"message":"down"}})"));
  Advance(absl::Seconds(1));
  ASSERT_EQ(client_.size(), 2u);
  client_.call(1).Sent();
  client_.call(1).Head(200, {{"content-type", "text/event-stream"}});
  client_.call(1).Body(TextChunk("Hi"));
  EXPECT_THAT(heard_.lines,
              ElementsAre("started c1 gpt-4.1-2025 relay - 2", "warning messages[1].content[0].opaque", "text[0] Hi"));
}

TEST_F(ExchangeFitTest, JsonTextsAreCheckedWithTheRest) {
  chat::Request request = Ask("gpt-4.1");
  request.temperature = 3;
  request.extra_json = "{";
  Start(std::move(request));
  ASSERT_EQ(heard_.error->violations.size(), 2u);
  EXPECT_EQ(heard_.error->violations[0].field, "temperature");
  EXPECT_EQ(heard_.error->violations[1].field, "extra_json");
}

TEST_F(ExchangeFitTest, ACallersKeyIsTakenWhereTheConfigurationAllowsIt) {
  Relay().caller_key = CallerKey::kAllowed;
  CallFacts facts;
  facts.upstream_key = "sk-of-the-caller";
  auto& call = Stream(Ask("gpt-4.1"), std::move(facts));
  EXPECT_EQ(call.Header("Authorization"), "Bearer sk-of-the-caller");
  call.Body(TextChunk("Hi"));
  call.Body(FinishChunk());
  call.Body(kDone);
  for (const std::string& line : log_) EXPECT_THAT(line, Not(HasSubstr("sk-of-the-caller")));
}

TEST_F(ExchangeFitTest, WithoutOneTheConfiguredKeyIsSent) {
  Relay().caller_key = CallerKey::kAllowed;
  EXPECT_EQ(Stream(Ask("gpt-4.1")).Header("Authorization"), "Bearer sk-test");
}

TEST_F(ExchangeFitTest, ACallersKeyIsRefusedElsewhereWithoutBeingShown) {
  CallFacts facts;
  facts.upstream_key = "sk-of-the-caller";
  Start(Ask("gpt-4.1"), std::move(facts));
  EXPECT_THAT(heard_.lines, ElementsAre("end bad_request"));
  EXPECT_THAT(heard_.error->message, Not(HasSubstr("sk-of-the-caller")));
  EXPECT_EQ(client_.size(), 0u);
}

TEST_F(ExchangeFitTest, WhereItIsRequiredACallWithoutOneIsRefused) {
  Relay().caller_key = CallerKey::kRequired;
  Start(Ask("gpt-4.1"));
  EXPECT_THAT(heard_.lines, ElementsAre("end bad_request"));
  EXPECT_EQ(client_.size(), 0u);
}

TEST_F(ExchangeFitTest, ACallersKeyThatIsRefusedUpstreamIsTheCallersFault) {
  Relay().caller_key = CallerKey::kAllowed;
  CallFacts facts;
  facts.upstream_key = "sk-of-the-caller";
  Start(Ask("gpt-4.1"), std::move(facts));
  client_.call(0).Sent();
  client_.call(0).Head(401, {});
  client_.call(0).Body(R"({"error":{"message":"sk-of-the-caller is wrong","code":"invalid_api_key"}})");
  client_.call(0).End();
  EXPECT_THAT(heard_.lines, ElementsAre("end caller_key"));
  EXPECT_THAT(heard_.error->message, Not(HasSubstr("sk-of-the-caller")));
  EXPECT_EQ(heard_.error->provider_message, "");
}

// Nobody is woken for it: the account is the caller's.
TEST_F(ExchangeFitTest, WhateverAnUpstreamSaysOfACallersKeyIsTheCallersMatter) {
  struct Case {
    int status;
    const char* body;
    const char* end;
    const char* message;  // a part of it
  };
  const Case cases[] = {
      {401, R"({"error":{"code":"invalid_api_key"}})", "end caller_key", "send a valid one"},
      {403, R"({"error":{"code":"permission_denied"}})", "end caller_key", "ask for another model"},
      {429, R"({"error":{"code":"insufficient_quota"}})", "end quota", "the account of the key"},
      {429, R"({"error":{"code":"rate_limit_exceeded"}})", "end rate_limit", "rate limit"},
  };
  Relay().caller_key = CallerKey::kAllowed;
  double counted = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(each.body);
    heard_ = Recorder();
    CallFacts facts;
    facts.upstream_key = "sk-of-the-caller";
    Start(Ask("gpt-4.1"), std::move(facts));
    client_.last().Sent();
    client_.last().Head(each.status, {});
    client_.last().Body(each.body);
    client_.last().End();
    EXPECT_THAT(heard_.lines, ElementsAre(each.end));
    EXPECT_THAT(heard_.error->message, HasSubstr(each.message));
    ledger_->Close(&*heard_.error);
    EXPECT_EQ(Metric(R"(sluice_attempts_total{outcome="caller_key",upstream="relay"})"), ++counted);
    EXPECT_EQ(Metric(R"(sluice_call_failures_total{cause="quota",upstream="relay"})"), 0);
    EXPECT_EQ(Metric(R"(sluice_call_failures_total{cause="rate_limit",upstream="relay"})"), 0);
  }
}

TEST_F(ExchangeFitTest, AnUpstreamThatForbidsThePlaceDoesNotSpeakOfTheKey) {
  Relay().caller_key = CallerKey::kAllowed;
  for (const char* body : {"<html>blocked</html>", R"({"error":{"code":"unsupported_country_region_territory"}})"}) {
    heard_ = Recorder();
    CallFacts facts;
    facts.upstream_key = "sk-of-the-caller";
    Start(Ask("gpt-4.1"), std::move(facts));
    client_.last().Sent();
    client_.last().Head(403, {});
    client_.last().Body(body);
    client_.last().End();
    EXPECT_THAT(heard_.lines, ElementsAre("end permission")) << body;
  }
}

TEST_F(ExchangeFitTest, AVerdictOnThePromptWaitsForTheOutput) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(Event(R"({"choices":[],"prompt_filter_results":[{"hate":{"filtered":false}}]})"));
  EXPECT_THAT(heard_.lines, IsEmpty()) << "until then the attempt may be made again";
  call.Body(TextChunk("Hi"));
  call.Body(Event(R"({"choices":[],"moderation":{"flagged":false}})"));
  ASSERT_EQ(heard_.lines.size(), 4u);
  EXPECT_THAT(heard_.lines[0], HasSubstr("started"));
  EXPECT_EQ(heard_.lines[1], R"(moderation [{"hate":{"filtered":false}}])");
  EXPECT_EQ(heard_.lines[2], "text[0] Hi");
  EXPECT_EQ(heard_.lines[3], R"(moderation {"flagged":false})");
}

TEST_F(ExchangeFitTest, CitationsReachTheConsumer) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("Hi"));
  call.Body(Event(R"({"choices":[{"delta":{"annotations":[{"type":"url_citation","url":"https://a.test"}]}}]})"));
  EXPECT_EQ(heard_.lines.back(), "annotation[0] https://a.test");
}

}  // namespace
}  // namespace sluice::exchange
