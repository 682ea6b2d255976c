#include "server/exchange/ledger.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/chat/status.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kOpen[] = R"(sluice_open_streams{operation="chat",route="gpt-4.1",upstream="relay"})";
constexpr char kTtftCount[] =
    R"(gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
    R"(gen_ai_request_model="gpt-4.1",gen_ai_response_model="gpt-4.1",server_address="relay.test"})";
constexpr char kTtftSum[] =
    R"(gen_ai_server_time_to_first_token_seconds_sum{gen_ai_operation_name="chat",gen_ai_provider_name="openai",)"
    R"(gen_ai_request_model="gpt-4.1",gen_ai_response_model="gpt-4.1",server_address="relay.test"})";

std::string Calls(const std::string& code, const std::string& route = "gpt-4.1",
                  const std::string& upstream = "relay") {
  return "sluice_calls_total{code=\"" + code + "\",operation=\"chat\",route=\"" + route + "\",upstream=\"" + upstream +
         "\"}";
}
std::string Attempts(const std::string& outcome) {
  return "sluice_attempts_total{outcome=\"" + outcome + "\",upstream=\"relay\"}";
}

class LedgerTest : public World {
 protected:
  // The edge's part: the call is over for the caller.
  void Close() { ledger_->Close(heard_.error ? &*heard_.error : nullptr); }
};

TEST_F(LedgerTest, AGoodCallIsCountedAndLogged) {
  auto& call = Stream(Ask("gpt-4.1"));
  EXPECT_EQ(Metric(kOpen), 1);
  Advance(absl::Milliseconds(100));
  call.Body(RoleChunk());
  Advance(absl::Milliseconds(400));
  call.Body(TextChunk("a"));
  Advance(absl::Milliseconds(250));
  call.Body(TextChunk("b") + FinishChunk() + UsageChunk() + kDone);
  ledger_->AddBytesFromCaller(40);
  ledger_->AddBytesToCaller(70);
  Close();

  EXPECT_EQ(Metric(kOpen), 0);
  EXPECT_EQ(Metric(Calls("OK")), 1);
  EXPECT_EQ(Metric(Attempts("ok")), 1);
  EXPECT_EQ(Metric(R"(sluice_deltas_total{operation="chat",route="gpt-4.1",upstream="relay"})"), 2);
  EXPECT_EQ(Metric(R"(sluice_tokens_total{model="gpt-4.1",type="input",upstream="relay"})"), 5);
  EXPECT_EQ(Metric(R"(sluice_tokens_total{model="gpt-4.1",type="output",upstream="relay"})"), 3);
  EXPECT_EQ(Metric(R"(sluice_caller_bytes_total{direction="in"})"), 40);
  EXPECT_EQ(Metric(R"(sluice_caller_bytes_total{direction="out"})"), 70);
  EXPECT_EQ(Metric(R"(sluice_upstream_bytes_total{direction="in",upstream="relay"})"), call.bytes_in);
  EXPECT_EQ(Metric(R"(sluice_upstream_bytes_total{direction="out",upstream="relay"})"), call.request.body.size());

  EXPECT_EQ(Logged("request_id"), "req-7");
  EXPECT_EQ(Logged("operation"), "chat");
  EXPECT_EQ(Logged("peer"), "ipv4:127.0.0.1:4711");
  EXPECT_EQ(Logged("route"), "gpt-4.1");
  EXPECT_EQ(Logged("upstream"), "relay");
  EXPECT_EQ(Logged("model"), "gpt-4.1");
  EXPECT_EQ(Logged("code"), "OK");
  EXPECT_EQ(Logged("reason"), "");
  EXPECT_EQ(Logged("attempts"), "1");
  EXPECT_EQ(Logged("deltas"), "2");
  EXPECT_EQ(Logged("prompt_tokens"), "5");
  EXPECT_EQ(Logged("completion_tokens"), "3");
  EXPECT_EQ(Logged("bytes_to_caller"), "70");
  EXPECT_EQ(std::stod(Logged("ttft_ms")), 500);
  EXPECT_EQ(std::stod(Logged("duration_ms")), 750);
}

TEST_F(LedgerTest, TheRoleChunkIsNotTheFirstToken) {
  auto& call = Stream(Ask("gpt-4.1"));
  Advance(absl::Milliseconds(100));
  call.Body(RoleChunk());
  Advance(absl::Milliseconds(400));
  call.Body(TextChunk("a") + FinishChunk() + kDone);
  Close();
  EXPECT_EQ(Metric(kTtftCount), 1);
  EXPECT_DOUBLE_EQ(Metric(kTtftSum), 0.5);
}

TEST_F(LedgerTest, ACallWithoutOutputHasNoTimeToFirstToken) {
  Stream(Ask("gpt-4.1")).Body(RoleChunk() + FinishChunk() + kDone);
  Close();
  EXPECT_EQ(Metric(kTtftCount), 0);
  EXPECT_EQ(Logged("ttft_ms"), "null");
}

TEST_F(LedgerTest, OverheadLeavesTheUpstreamOut) {
  auto& call = Stream(Ask("gpt-4.1"));
  Advance(absl::Seconds(5));  // the upstream's
  call.Body(TextChunk("a"));
  Advance(absl::Milliseconds(125));  // ours: until the transport has it
  ledger_->FirstOutputLeft();
  call.Body(FinishChunk() + kDone);
  Close();
  EXPECT_EQ(Metric(R"(sluice_overhead_seconds_count{operation="chat"})"), 1);
  EXPECT_DOUBLE_EQ(Metric(R"(sluice_overhead_seconds_sum{operation="chat"})"), 0.125);
}

TEST_F(LedgerTest, EveryCauseOfAFailureHasASeriesFromTheStart) {
  for (int kind = 0; kind <= static_cast<int>(chat::ErrorKind::kInternal); ++kind) {
    chat::Error error;
    error.kind = static_cast<chat::ErrorKind>(kind);
    const std::string cause = chat::CauseName(error);
    const bool there = Metric("sluice_call_failures_total{cause=\"" + cause + "\",upstream=\"relay\"}") == 0;
    EXPECT_EQ(there, !chat::IsCallersFault(error)) << cause;
  }
}

TEST_F(LedgerTest, AFailedCallIsCountedByItsCodeAndKind) {
  Start(Ask("gpt-4.1"));
  client_.last().Head(429, {{"x-request-id", "req_p"}});
  client_.last().End();
  Close();
  EXPECT_EQ(Metric(kOpen), 0);
  EXPECT_EQ(Metric(Calls("RESOURCE_EXHAUSTED")), 1);
  EXPECT_EQ(Metric(Calls("OK")), 0);
  EXPECT_EQ(Metric(Attempts("rate_limit")), 1);
  EXPECT_EQ(Metric(R"(sluice_call_failures_total{cause="rate_limit",upstream="relay"})"), 1);
  EXPECT_EQ(Logged("code"), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(Logged("reason"), "RATE_LIMITED");
  EXPECT_EQ(Logged("http_status"), "429");
  EXPECT_EQ(Logged("provider_request_id"), "req_p");
  EXPECT_EQ(Logged("completion_tokens"), "null");
}

TEST_F(LedgerTest, ATimeoutsStageIsLogged) {
  Stream(Ask("gpt-4.1"));
  Advance(absl::Seconds(20));
  Close();
  EXPECT_EQ(Logged("reason"), "UPSTREAM_TIMEOUT");
  EXPECT_EQ(Logged("stage"), "first_output");
}

TEST_F(LedgerTest, ACallWithoutARouteIsCountedAsNone) {
  Start(Ask("a-name-that-a-caller-made-up"));
  Close();
  EXPECT_EQ(Metric(Calls("NOT_FOUND", "none", "none")), 1);
  EXPECT_EQ(Metric(R"(sluice_open_streams{operation="chat",route="none",upstream="none"})"), 0);
  EXPECT_EQ(Logged("route"), "none");
  EXPECT_EQ(Logged("attempts"), "0");
  EXPECT_EQ(metrics_.Scrape().find("made-up"), std::string::npos);
}

TEST_F(LedgerTest, AnUpstreamMayBeNamedNone) {
  auto backend = std::make_shared<Backend>(*plan_->backends[0]);
  backend->name = "none";
  plan_->backends[0] = backend;
  Stream(Ask("gpt-4.1")).Body(TextChunk("a") + FinishChunk() + kDone);
  Close();
  EXPECT_EQ(Metric(kOpen), 0);
}

TEST_F(LedgerTest, ACancelledCallIsCountedOnce) {
  Stream(Ask("gpt-4.1")).Body(TextChunk("a"));
  chat::Error left;
  left.kind = chat::ErrorKind::kCancelled;
  exchange_->Abort(left);
  ledger_->Close(&left);
  ledger_->Close(nullptr);
  ledger_.reset();
  EXPECT_EQ(Metric(kOpen), 0);
  EXPECT_EQ(Metric(Calls("CANCELLED")), 1);
  EXPECT_EQ(Metric(Calls("OK")), 0);
  EXPECT_EQ(Metric(Attempts("cancelled")), 1);
  EXPECT_EQ(Logged("code"), "CANCELLED");
}

TEST_F(LedgerTest, ACallDroppedWithoutCloseStillLeavesALine) {
  Stream(Ask("gpt-4.1")).Body(TextChunk("a"));
  EXPECT_THAT(log_, IsEmpty());
  exchange_.reset();
  ledger_.reset();
  EXPECT_THAT(log_, SizeIs(1));
  EXPECT_EQ(Logged("code"), "CANCELLED");
  EXPECT_EQ(Metric(kOpen), 0);
  EXPECT_EQ(Metric(Calls("CANCELLED")), 1);
}

TEST_F(LedgerTest, ALongStreamShowsWhileItRuns) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("a"));
  const std::string deltas = R"(sluice_deltas_total{operation="chat",route="gpt-4.1",upstream="relay"})";
  EXPECT_EQ(Metric(deltas), 0);
  Advance(absl::Seconds(5));
  call.Body(TextChunk("b"));
  EXPECT_EQ(Metric(deltas), 2);
  call.Body(TextChunk("c") + FinishChunk() + kDone);
  Close();
  EXPECT_EQ(Metric(deltas), 3);
}

TEST_F(LedgerTest, AnEndlessModelNameIsCutInTheLog) {
  Start(Ask("gpt-" + std::string(5000, 'x')));
  exchange_.reset();
  ledger_.reset();
  EXPECT_EQ(Logged("model").size(), 128u);
  EXPECT_EQ(Logged("route"), "gpt-*");
}

TEST_F(LedgerTest, NeitherPromptNorAnswerNorKeyIsLogged) {
  chat::Request request = Ask("gpt-4.1");
  request.messages[0].content[0] = chat::TextPart("secret-prompt");
  Stream(std::move(request)).Body(TextChunk("secret-answer") + FinishChunk() + kDone);
  Close();
  ASSERT_THAT(log_, SizeIs(1));
  EXPECT_EQ(log_[0].find("secret"), std::string::npos);
  EXPECT_EQ(log_[0].find("sk-test"), std::string::npos);
}

}  // namespace
}  // namespace sluice::exchange
