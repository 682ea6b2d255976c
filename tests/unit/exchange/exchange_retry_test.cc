// Attempts made again: only before the output has left, and only when it may help.

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using upstream::FakeCall;
using upstream::Outcome;
using upstream::Stage;

class ExchangeRetryTest : public World {
 protected:
  ExchangeRetryTest() { AllowAttempts(3); }

  static void Refuse(FakeCall& call, int status, upstream::Headers headers = {}) {
    call.Sent();
    call.Head(status, std::move(headers));
    call.End();
  }
  static void Answer(FakeCall& call) {
    call.Sent();
    call.Head(200);
    call.Body(TextChunk("a") + FinishChunk() + UsageChunk() + kDone);
  }
  double Retries(const std::string& cause) {
    return Metric(absl::StrCat("sluice_retries_total{cause=\"", cause, "\",upstream=\"relay\"}"));
  }
};

TEST_F(ExchangeRetryTest, AFailedAttemptIsMadeAgainAfterItsBackoff) {
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 503);
  EXPECT_THAT(heard_.lines, ElementsAre());
  Advance(absl::Milliseconds(124));
  EXPECT_EQ(client_.size(), 1u);
  Advance(absl::Milliseconds(1));  // half of 250 ms
  ASSERT_EQ(client_.size(), 2u);
  EXPECT_EQ(client_.call(1).request.body, client_.call(0).request.body);
  EXPECT_EQ(client_.call(1).Header("X-Request-Id"), client_.call(0).Header("X-Request-Id"));
  Answer(client_.last());
  EXPECT_THAT(heard_.lines,
              ElementsAre("started c1 gpt-4.1-2025 relay - 2", "text[0] a", "finished[0] stop", "usage 5/3", "end"));
  ledger_->Close(nullptr);
  EXPECT_EQ(Logged("attempts"), "2");
  EXPECT_EQ(Retries("overloaded"), 1);
  EXPECT_EQ(Metric(R"(sluice_attempts_total{outcome="overloaded",upstream="relay"})"), 1);
  EXPECT_EQ(Metric(R"(sluice_attempts_total{outcome="ok",upstream="relay"})"), 1);
}

TEST_F(ExchangeRetryTest, WhenAttemptsAreUsedUpTheLastErrorIsTheCallers) {
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 503);
  Advance(absl::Seconds(1));
  Refuse(client_.last(), 502);
  Advance(absl::Seconds(1));
  ASSERT_EQ(client_.size(), 3u);
  Refuse(client_.last(), 500);
  EXPECT_THAT(heard_.lines, ElementsAre("end server_error"));
  EXPECT_EQ(heard_.error->attempts, 3);
  Advance(absl::Hours(1));
  EXPECT_EQ(client_.size(), 3u);
}

TEST_F(ExchangeRetryTest, WhatRetriesDoNotHelpIsNotRetried) {
  for (const int status : {400, 401, 402, 403, 404, 413, 422, 307}) {
    heard_ = Recorder();
    Start(Ask("gpt-4.1"));
    const size_t before = client_.size();
    Refuse(client_.last(), status);
    EXPECT_TRUE(heard_.ended) << status;
    Advance(absl::Seconds(10));
    EXPECT_EQ(client_.size(), before) << status;
  }
}

TEST_F(ExchangeRetryTest, MoneyIsNeverAskedForAgainWhateverTheHeaders) {
  Start(Ask("gpt-4.1"));
  auto& call = client_.last();
  call.Sent();
  call.Head(429, {{"retry-after", "1"}, {"x-should-retry", "true"}});
  call.Body(R"({"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}})");
  call.End();
  EXPECT_THAT(heard_.lines, ElementsAre("end quota"));
}

TEST_F(ExchangeRetryTest, TheUpstreamsOwnWordOnRetriesWins) {
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 503, {{"x-should-retry", "false"}});
  EXPECT_TRUE(heard_.ended);
  heard_ = Recorder();
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 400, {{"x-should-retry", "true"}});
  EXPECT_FALSE(heard_.ended);
}

TEST_F(ExchangeRetryTest, TheWaitThatTheUpstreamAsksForIsKept) {
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 429, {{"retry-after", "7"}});
  Advance(absl::Milliseconds(7124));
  EXPECT_EQ(client_.size(), 1u);
  Advance(absl::Milliseconds(1));
  EXPECT_EQ(client_.size(), 2u);
}

TEST_F(ExchangeRetryTest, AWaitBeyondTheDeadlineIsTheCallersToDecide) {
  CallFacts facts;
  facts.deadline = clock_.Now() + std::chrono::seconds(5);
  Start(Ask("gpt-4.1"), std::move(facts));
  Refuse(client_.last(), 429, {{"retry-after", "7"}});
  EXPECT_THAT(heard_.lines, ElementsAre("end rate_limit"));
  EXPECT_EQ(heard_.error->retry_after, absl::Seconds(7));
}

TEST_F(ExchangeRetryTest, TheTotalLimitCoversAllAttempts) {
  Start(Ask("gpt-4.1"));
  for (int i = 0; i < 2; ++i) {
    client_.last().Sent();
    Advance(absl::Seconds(20));  // first_output
    Advance(absl::Seconds(1));
  }
  ASSERT_EQ(client_.size(), 3u);
  Advance(absl::Seconds(18));
  EXPECT_THAT(heard_.lines, ElementsAre("end timeout total"));
  EXPECT_TRUE(client_.last().closed);
  ledger_->Close(&*heard_.error);
  EXPECT_EQ(Metric(R"(sluice_timeouts_total{timer="first_output",upstream="relay"})"), 2);
  EXPECT_EQ(Metric(R"(sluice_timeouts_total{timer="total",upstream="relay"})"), 1);
}

TEST_F(ExchangeRetryTest, HeldBackEventsDoNotStandInTheWay) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(RoleChunk() + ": ping\n\n" + UsageChunk());
  Advance(absl::Seconds(1));
  call.Body(Event(R"({"error":{"message":"busy","type":"overloaded_error"}})"));
  EXPECT_FALSE(heard_.ended);
  Advance(absl::Seconds(1));
  Answer(client_.last());
  EXPECT_THAT(heard_.lines,
              ElementsAre("started c1 gpt-4.1-2025 relay - 1", "usage 5/3", "retract",
                          "started c1 gpt-4.1-2025 relay - 2", "text[0] a", "finished[0] stop", "usage 5/3", "end"));
}

TEST_F(ExchangeRetryTest, OutputThatHasNotLeftIsTakenBack) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("lost") + Event(R"({"error":{"message":"busy","type":"overloaded_error"}})"));
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] lost", "retract"));
  Advance(absl::Seconds(1));
  Answer(client_.last());
  EXPECT_EQ(heard_.lines.back(), "end");
  ledger_->Close(nullptr);
  EXPECT_EQ(Logged("deltas"), "1");
}

TEST_F(ExchangeRetryTest, OutputIsNotTakenBackWhereNoRetryFollows) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("kept") + Event(R"({"error":{"message":"no","code":"content_filter"}})"));
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] kept", "estimated 4/1", "end content_filter"));
}

TEST_F(ExchangeRetryTest, AfterTheCommitNothingIsAskedAgain) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a"));
  exchange_->Commit();
  call.End(Outcome::kBroken, Stage::kBody, "connection reset");
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] a", "estimated 4/1", "end truncated"));
  Advance(absl::Seconds(10));
  EXPECT_EQ(client_.size(), 1u);
}

TEST_F(ExchangeRetryTest, WhatWasRetractedIsNotCommitted) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("lost") + Event(R"({"error":{"message":"busy","type":"overloaded_error"}})"));
  exchange_->Commit();  // the edge's turn ends
  Advance(absl::Seconds(1));
  EXPECT_EQ(client_.call(1).request.body, client_.call(0).request.body);
  Refuse(client_.last(), 503);
  EXPECT_FALSE(heard_.ended);
}

TEST_F(ExchangeRetryTest, MalformedIsRetriedOnce) {
  Start(Ask("gpt-4.1"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(heard_.ended);
    client_.last().Sent();
    client_.last().Head(200);
    client_.last().Body("data: {\n\n");
    Advance(absl::Seconds(1));
  }
  EXPECT_THAT(heard_.lines, ElementsAre("end malformed"));
  EXPECT_EQ(client_.size(), 2u);
}

TEST_F(ExchangeRetryTest, AbortBetweenAttemptsEndsTheWaiting) {
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 503);
  chat::Error left;
  left.kind = chat::ErrorKind::kCancelled;
  exchange_->Abort(left);
  Advance(absl::Hours(1));
  EXPECT_EQ(client_.size(), 1u);
  EXPECT_THAT(heard_.lines, ElementsAre());
}

TEST_F(ExchangeRetryTest, FailBetweenAttemptsIsTheEnd) {
  Start(Ask("gpt-4.1"));
  Refuse(client_.last(), 503);
  chat::Error draining;
  draining.kind = chat::ErrorKind::kDraining;
  exchange_->Fail(draining);
  EXPECT_THAT(heard_.lines, ElementsAre("end draining"));
  Advance(absl::Hours(1));
  EXPECT_EQ(client_.size(), 1u);
}

TEST_F(ExchangeRetryTest, ManyFailuresAtOnceGetNoMoreRetriesThanTheBudgetAllows) {
  // Four calls fail while these four are all there is: three retries are always allowed, a fifth of four is none more.
  std::vector<std::unique_ptr<Recorder>> heard;
  std::vector<std::unique_ptr<Ledger>> ledgers;
  std::vector<std::unique_ptr<Exchange>> calls;
  for (int i = 0; i < 4; ++i) {
    heard.push_back(std::make_unique<Recorder>());
    ledgers.push_back(std::make_unique<Ledger>(clock_, Operation::kChat, "r", "p", plan_));
    calls.push_back(std::make_unique<Exchange>(context_, CallFacts(), ledgers.back().get(), heard.back().get()));
    calls.back()->Start(Ask("gpt-4.1"), {});
  }
  for (size_t i = 0; i < 4; ++i) Refuse(client_.call(i), 503);
  EXPECT_FALSE(heard[2]->ended);
  EXPECT_THAT(heard[3]->lines, ElementsAre("end overloaded"));
  EXPECT_EQ(Metric(R"(sluice_retries_denied_total{upstream="relay"})"), 1);
  // One that brings output is a retry no longer.
  Advance(absl::Seconds(1));
  Answer(client_.call(4));
  calls[0]->Commit();
  Recorder later;
  Ledger ledger(clock_, Operation::kChat, "r", "p", plan_);
  Exchange call(context_, CallFacts(), &ledger, &later);
  call.Start(Ask("gpt-4.1"), {});
  Refuse(client_.last(), 503);
  EXPECT_FALSE(later.ended);
}

TEST_F(ExchangeRetryTest, EachFailureOfTheTransportIsRetriedAndNamed) {
  const std::vector<std::pair<std::function<void(FakeCall&)>, std::string>> faults = {
      {[](FakeCall& call) { call.End(Outcome::kUnreachable, Stage::kConnect, "refused"); }, "unreachable"},
      {[](FakeCall& call) { call.End(Outcome::kTimeout, Stage::kTls); }, "timeout"},
      {[](FakeCall& call) { call.Sent(), call.End(Outcome::kBroken, Stage::kFirstByte); }, "truncated"},
      {[](FakeCall& call) { call.Sent(), call.Head(200), call.End(); }, "truncated"},
      {[](FakeCall& call) { call.Sent(), call.Head(200), call.Body("<html>"), call.End(); }, "not_sse"},
  };
  for (const auto& [fault, cause] : faults) {
    SCOPED_TRACE(cause);
    heard_ = Recorder();
    Start(Ask("gpt-4.1"));
    const double before = std::max(Retries(cause), 0.0);
    fault(client_.last());
    EXPECT_EQ(Retries(cause), before + 1);
    Advance(absl::Seconds(1));
    Answer(client_.last());
    EXPECT_EQ(heard_.lines.back(), "end");
  }
}

TEST_F(ExchangeRetryTest, APoolThatIsFullIsNotAskedTwice) {
  Start(Ask("gpt-4.1"));
  client_.last().End(Outcome::kTimeout, Stage::kPool);
  EXPECT_THAT(heard_.lines, ElementsAre("end pool_timeout pool"));
  ledger_->Close(&*heard_.error);
  EXPECT_EQ(Metric(R"(sluice_timeouts_total{timer="pool",upstream="relay"})"), 1);
}

}  // namespace
}  // namespace sluice::exchange
