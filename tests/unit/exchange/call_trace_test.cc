// The spans of a call: what they say, how they hang together, and that nothing is made of a call that is not sampled.

#include "server/exchange/call_trace.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/fake_id.h"
#include "server/exchange/failures.h"
#include "tests/unit/chat/messages.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using telemetry::Span;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using upstream::FakeCall;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

class CallTraceTest : public World {
 protected:
  CallTraceTest() {
    AllowAttempts(3);
    plan_->tracing = std::make_shared<telemetry::Tracing>(telemetry::Tracing{spans_, ids_, 0});
  }

  ~CallTraceTest() override {
    exchange_.reset();
    ledger_.reset();  // closes, and tells the queue, which goes first
  }

  CallFacts Sampled() {
    CallFacts facts;
    facts.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    facts.tracestate = "congo=1";
    return facts;
  }
  // Those so far, by their ids: the call's own is the lowest, its attempts follow.
  std::vector<Span> Spans() {
    spans_.Close();
    auto spans = spans_.Take(100, std::chrono::milliseconds(0));
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.span_id < b.span_id; });
    return spans;
  }
  static std::string Attribute(const Span& span, const std::string& name) {
    for (const auto& [key, value] : span.attributes) {
      if (key != name) continue;
      if (const auto* text = std::get_if<std::string>(&value)) return *text;
      if (const auto* number = std::get_if<int64_t>(&value)) return absl::StrCat(*number);
      if (const auto* real = std::get_if<double>(&value)) return absl::StrCat(*real);
      return absl::StrJoin(std::get<std::vector<std::string>>(value), ",");
    }
    return "(none)";
  }

  telemetry::SpanQueue spans_;
  FakeIdSource ids_;
};

TEST_F(CallTraceTest, ACallAndItsAttemptsAreATreeBelowTheCallersSpan) {
  chat::Request request = Ask("gpt-4.1");
  request.temperature = 0.5;
  request.max_tokens = 99;
  Start(std::move(request), Sampled());
  FakeCall& first = client_.last();
  first.Sent();
  first.Head(503, {});
  first.End();
  Advance(absl::Seconds(1));
  ASSERT_EQ(client_.size(), 2u);
  FakeCall& second = client_.last();
  second.Sent();
  second.Head(200);
  Advance(absl::Milliseconds(200));
  second.Body(TextChunk("a"));
  Advance(absl::Milliseconds(300));
  second.Body(FinishChunk() + UsageChunk() + kDone);
  ledger_->Close(nullptr);

  const std::vector<Span> spans = Spans();
  ASSERT_EQ(spans.size(), 3u);
  const Span& call = spans[0];
  const Span& failed = spans[1];
  const Span& answered = spans[2];
  EXPECT_EQ(call.trace_id, kTrace);
  EXPECT_EQ(call.parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(call.state, "congo=1");
  EXPECT_EQ(call.kind, Span::Kind::kServer);
  EXPECT_EQ(call.name, "sluice.v1.ChatService/Chat");
  for (const Span* attempt : {&failed, &answered}) {
    EXPECT_EQ(attempt->trace_id, kTrace);
    EXPECT_EQ(attempt->parent_id, call.span_id);
    EXPECT_EQ(attempt->kind, Span::Kind::kClient);
    EXPECT_EQ(attempt->name, "chat gpt-4.1");
  }
  EXPECT_EQ(client_.call(0).Header("traceparent"), absl::StrCat("00-", kTrace, "-", failed.span_id, "-01"));
  EXPECT_EQ(client_.call(1).Header("traceparent"), absl::StrCat("00-", kTrace, "-", answered.span_id, "-01"));
  EXPECT_EQ(client_.call(1).Header("tracestate"), "congo=1");

  EXPECT_TRUE(failed.failed);
  EXPECT_EQ(Attribute(failed, "error.type"), "overloaded");
  EXPECT_EQ(Attribute(failed, "http.response.status_code"), "503");
  EXPECT_EQ(failed.first_output, absl::InfinitePast());
  EXPECT_FALSE(answered.failed);
  EXPECT_EQ(answered.end - answered.start, absl::Milliseconds(500));
  EXPECT_EQ(answered.first_output - answered.start, absl::Milliseconds(200));
  EXPECT_EQ(call.end - call.start, absl::Milliseconds(1500));
  const std::vector<std::pair<std::string, std::string>> expected = {{"gen_ai.operation.name", "chat"},
                                                                     {"gen_ai.provider.name", "openai"},
                                                                     {"gen_ai.request.model", "gpt-4.1"},
                                                                     {"gen_ai.request.temperature", "0.5"},
                                                                     {"gen_ai.request.max_tokens", "99"},
                                                                     {"gen_ai.request.top_p", "(none)"},
                                                                     {"gen_ai.request.choice.count", "(none)"},
                                                                     {"gen_ai.output.type", "(none)"},
                                                                     {"gen_ai.response.time_to_first_chunk", "0.2"},
                                                                     {"gen_ai.response.id", "c1"},
                                                                     {"gen_ai.response.model", "gpt-4.1-2025"},
                                                                     {"gen_ai.response.finish_reasons", "stop"},
                                                                     {"gen_ai.usage.input_tokens", "5"},
                                                                     {"gen_ai.usage.output_tokens", "3"},
                                                                     {"server.port", "443"},
                                                                     {"http.response.status_code", "200"},
                                                                     {"sluice.attempt", "2"}};
  for (const auto& [name, value] : expected) EXPECT_EQ(Attribute(answered, name), value) << name;
  EXPECT_EQ(Attribute(call, "rpc.grpc.status_code"), "0");
  EXPECT_EQ(Attribute(call, "sluice.attempts"), "2");
  EXPECT_EQ(Attribute(call, "sluice.upstream"), "relay");
}

TEST_F(CallTraceTest, WhatIsAskedForHasTheUpstreamsDefaults) {
  auto relay = std::make_shared<Backend>(*plan_->backends[0]);
  relay->target.default_temperature = 0.7;
  relay->target.default_max_tokens = 2048;
  plan_->backends[0] = relay;
  chat::Request request = Ask("gpt-4.1");
  request.n = 2;
  request.seed = 7;
  request.presence_penalty = 0.25;
  request.frequency_penalty = -1;
  request.response_format.emplace().kind = chat::ResponseFormat::Kind::kJsonObject;
  Start(std::move(request), Sampled());
  exchange_->Abort(DeadlinePassed());
  ledger_->Close(nullptr);
  const Span attempt = Spans().back();
  const std::pair<const char*, const char*> expected[] = {{"gen_ai.request.temperature", "0.7"},
                                                          {"gen_ai.request.max_tokens", "2048"},
                                                          {"gen_ai.request.choice.count", "2"},
                                                          {"gen_ai.request.seed", "7"},
                                                          {"gen_ai.request.presence_penalty", "0.25"},
                                                          {"gen_ai.request.frequency_penalty", "-1"},
                                                          {"gen_ai.output.type", "json"}};
  for (const auto& [name, value] : expected) EXPECT_EQ(Attribute(attempt, name), value) << name;
}

TEST_F(CallTraceTest, AFailedCallSaysWhyAndNothingOfWhatWasAsked) {
  chat::Request request = Ask("gpt-4.1");
  request.messages = {chat::Say(chat::Role::kUser, {"a prompt that nobody else may read"}, "")};
  Start(std::move(request), Sampled());
  FakeCall& call = client_.last();
  call.Sent();
  call.Head(401, {});
  call.Body("wrong key sk-test");
  call.End();
  ledger_->Close(heard_.error ? &*heard_.error : nullptr);
  const std::vector<Span> spans = Spans();
  ASSERT_EQ(spans.size(), 2u);
  for (const Span& span : spans) {
    EXPECT_TRUE(span.failed);
    EXPECT_EQ(span.message, "UPSTREAM_AUTH");
    for (const auto& [name, unused] : span.attributes) {
      EXPECT_THAT(Attribute(span, name), Not(HasSubstr("prompt that"))) << name;
      EXPECT_THAT(Attribute(span, name), Not(HasSubstr("sk-test"))) << name;
    }
  }
  EXPECT_EQ(Attribute(spans[0], "rpc.grpc.status_code"), "13");
}

TEST_F(CallTraceTest, WhatAProviderPutsInThePlaceOfANameIsNotTold) {
  FakeCall& call = Stream(Ask("gpt-4.1"), Sampled());
  call.Body(Event(R"({"id":"you asked: a secret","model":"sk test","choices":[{"index":0,"delta":{"content":"a"}}]})") +
            Event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"because you said so"}]})") + kDone);
  ledger_->Close(nullptr);
  const Span attempt = Spans().back();
  for (const char* name : {"gen_ai.response.id", "gen_ai.response.model", "gen_ai.response.finish_reasons"}) {
    EXPECT_EQ(Attribute(attempt, name), "(none)") << name;
  }
}

TEST_F(CallTraceTest, AModelsNameIsCutToANamesLength) {
  Start(Ask("gpt-" + std::string(100'000, 'x')), Sampled());
  ledger_->Close(nullptr);
  for (const Span& span : Spans()) EXPECT_EQ(Attribute(span, "gen_ai.request.model").size(), 128u);
}

TEST_F(CallTraceTest, ARetractedAttemptHadItsFirstOutputToo) {
  FakeCall& first = Stream(Ask("gpt-4.1"), Sampled());
  first.Body(TextChunk("a"));
  first.End();
  Advance(absl::Seconds(1));
  ASSERT_EQ(client_.size(), 2u);
  exchange_->Abort(DeadlinePassed());
  ledger_->Close(nullptr);
  EXPECT_NE(Spans()[1].first_output, absl::InfinitePast());
}

TEST_F(CallTraceTest, ACallThatIsRefusedHasASpanWithoutAttempts) {
  Start(Ask("nobody-knows-it"), Sampled());
  ledger_->Close(heard_.error ? &*heard_.error : nullptr);
  const std::vector<Span> spans = Spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(Attribute(spans[0], "rpc.grpc.status_code"), "5");
  EXPECT_EQ(Attribute(spans[0], "error.type"), "no_route");
  EXPECT_FALSE(spans[0].failed) << "it was the caller's mistake";
  EXPECT_EQ(Attribute(spans[0], "sluice.route"), "none");
}

TEST_F(CallTraceTest, ACallThatNeverStartedHasASpanToo) {
  ledger_.emplace(clock_, Operation::kChat, "req-7", "ipv4:127.0.0.1:4711", plan_);
  exchange_.emplace(context_, Sampled(), &*ledger_, &heard_);
  exchange_->Fail(TooManyCalls(/*line_full=*/true, absl::ZeroDuration()));
  ledger_->Close(&*heard_.error);
  const std::vector<Span> spans = Spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].trace_id, kTrace);
  EXPECT_EQ(Attribute(spans[0], "rpc.grpc.status_code"), "8");
  EXPECT_EQ(Attribute(spans[0], "error.type"), "too_many_calls");
}

TEST_F(CallTraceTest, OfACallThatIsNotSampledNothingIsMade) {
  FakeCall& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a") + FinishChunk() + UsageChunk() + kDone);
  ledger_->Close(nullptr);
  EXPECT_TRUE(Spans().empty());
  EXPECT_TRUE(absl::EndsWith(client_.last().Header("traceparent"), "-02"));
}

TEST_F(CallTraceTest, EstimatedTokensAreNotToldAsCounted) {
  FakeCall& call = Stream(Ask("gpt-4.1"), Sampled());
  call.Body(TextChunk("half"));
  exchange_->Abort(DeadlinePassed());
  ledger_->Close(nullptr);
  ASSERT_TRUE(ledger_->usage().estimated);
  const Span attempt = Spans().back();
  EXPECT_EQ(Attribute(attempt, "sluice.attempt"), "1");
  EXPECT_EQ(Attribute(attempt, "gen_ai.usage.output_tokens"), "(none)");
}

}  // namespace
}  // namespace sluice::exchange
