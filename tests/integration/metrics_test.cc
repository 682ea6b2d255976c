// What /metrics says after many mixed calls equals what the upstream sent and what the callers got.

#include <atomic>
#include <cmath>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

class MetricsTruth : public GatewayTest {};
SLUICE_WITH_ENGINES(MetricsTruth);

struct Sent {
  std::atomic<int64_t> requests{0}, deltas{0}, prompt{0}, completion{0}, body_in{0}, body_out{0};
};

struct Got {
  std::atomic<int64_t> bytes_in{0}, bytes_out{0}, deltas{0};
  std::atomic<int64_t> cut{0};  // in mid-stream
  std::atomic<int64_t> ok{0}, exhausted{0}, internal{0}, unavailable{0}, other{0};
};

int PromptNumber(absl::string_view body) {
  const size_t at = body.find("call-");
  int number = -1;
  static_cast<void>(absl::SimpleAtoi(body.substr(at + 5, body.find('.', at) - at - 5), &number));
  return number;
}

// Eight kinds of call, by number: five that end well, with 0 to 32 deltas, then 429, 500 and a stream that is cut.
void Serve(const ReceivedRequest& request, Conversation& conversation, Sent* sent) {
  const int number = PromptNumber(request.body);
  ++sent->requests;
  sent->body_out += static_cast<int64_t>(request.body.size());
  const int kind = number % 8;
  if (kind == 5 || kind == 6) {
    const std::string body = chunks::Error("no", "requests", kind == 5 ? "rate_limit_exceeded" : "server_error");
    sent->body_in += static_cast<int64_t>(body.size());
    conversation.SendReply(kind == 5 ? 429 : 500, body);
    return;
  }
  const auto send = [&](const std::string& event) {
    sent->body_in += static_cast<int64_t>(event.size() + 8);  // "data: " and two line ends
    conversation.SendSse(event);
  };
  conversation.StartSse();
  send(chunks::Role());
  const int deltas = kind == 7 ? 4 : number % 33;
  for (int i = 0; i < deltas; ++i) send(chunks::Text(absl::StrCat("piece ", i)));
  sent->deltas += deltas;
  if (kind == 7) return conversation.Close();
  send(chunks::Finish());
  send(chunks::Usage(number + 1, deltas + 2));
  sent->prompt += number + 1;
  sent->completion += deltas + 2;
  send(chunks::kDone);
  conversation.EndChunks();
}

void Count(grpc::StatusCode code, Got* got) {
  switch (code) {
    case grpc::StatusCode::OK:
      ++got->ok;
      break;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      ++got->exhausted;
      break;
    case grpc::StatusCode::INTERNAL:
      ++got->internal;
      break;
    case grpc::StatusCode::UNAVAILABLE:
      ++got->unavailable;
      break;
    default:
      ++got->other;
  }
}

void Call(const Client& client, int number, Got* got) {
  const v1::ChatRequest request = Ask("m", absl::StrCat("call-", number, "."));
  if ((number / 8) % 3 == 0) {
    v1::CompleteRequest wrapped;
    *wrapped.mutable_chat() = request;
    got->bytes_in += static_cast<int64_t>(wrapped.ByteSizeLong());
    const auto result = client.Complete(request);
    if (result.status.ok()) got->bytes_out += static_cast<int64_t>(result.response.ByteSizeLong());
    return Count(result.status.code, got);
  }
  got->bytes_in += static_cast<int64_t>(request.ByteSizeLong());
  const Answer answer = ReadAll(client.Chat(request));
  for (const v1::ChatResponse& event : answer.events) got->bytes_out += static_cast<int64_t>(event.ByteSizeLong());
  if (!answer.status.ok() && answer.deltas > 0) ++got->cut;
  Count(answer.status.code, got);
}

TEST_P(MetricsTruth, AThousandMixedCallsAreCountedAsTheyWere) {
  constexpr int kCalls = 1000, kCallers = 10;
  Sent sent;
  Got got;
  Options options;
  options.upstream = "retry: {attempts: 1}";  // how many attempts there are must not depend on how reads fall
  Start([&](const ReceivedRequest& request, Conversation& conversation) { Serve(request, conversation, &sent); },
        options);
  const double in_before = Scrape().Sum("sluice_upstream_bytes_total", {{"direction", "in"}});
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = caller; i < kCalls; i += kCallers) Call(client(), i, &got);
    });
  }
  for (auto& caller : callers) caller.join();

  const Metrics metrics = Scrape();
  const auto expect = [&](int64_t want, absl::string_view name, const std::map<std::string, std::string>& labels = {}) {
    EXPECT_EQ(static_cast<int64_t>(std::llround(metrics.Sum(name, labels))), want)
        << name << (labels.empty() ? "" : " " + labels.begin()->second);
  };
  EXPECT_EQ(got.other, 0);
  EXPECT_EQ(sent.requests, kCalls);
  expect(kCalls, "sluice_calls_total", {{"upstream", "fake"}});
  expect(got.ok, "sluice_calls_total", {{"code", "OK"}});
  expect(got.exhausted, "sluice_calls_total", {{"code", "RESOURCE_EXHAUSTED"}});
  expect(got.internal, "sluice_calls_total", {{"code", "INTERNAL"}});
  expect(got.unavailable, "sluice_calls_total", {{"code", "UNAVAILABLE"}});
  expect(kCalls, "sluice_attempts_total", {{"upstream", "fake"}});
  expect(got.exhausted, "sluice_attempts_total", {{"outcome", "rate_limit"}});
  expect(got.unavailable, "sluice_attempts_total", {{"outcome", "truncated"}});
  expect(got.cut, "sluice_streams_cut_total", {{"cause", "truncated"}});
  expect(got.cut, "sluice_streams_cut_total");
  EXPECT_GT(got.cut, 0);
  expect(sent.deltas, "sluice_deltas_total");
  expect(sent.prompt, "sluice_tokens_total", {{"type", "input"}});
  expect(sent.completion, "sluice_tokens_total", {{"type", "output"}});
  expect(sent.prompt, "gen_ai_client_token_usage_sum", {{"gen_ai_token_type", "input"}});
  expect(sent.body_out, "sluice_upstream_bytes_total", {{"direction", "out"}});
  expect(sent.body_in + std::llround(in_before), "sluice_upstream_bytes_total", {{"direction", "in"}});
  expect(got.bytes_in, "sluice_caller_bytes_total", {{"direction", "in"}});
  expect(got.bytes_out, "sluice_caller_bytes_total", {{"direction", "out"}});
  expect(0, "sluice_open_streams");
  expect(kCalls, "gen_ai_server_request_duration_seconds_count");
  expect(kCalls, "gen_ai_client_operation_duration_seconds_count");
  expect(kCalls, "sluice_overhead_seconds_count");
  std::printf("sent: %lld deltas, %lld+%lld tokens, %lld body bytes; codes: %lld ok, %lld 429, %lld 500, %lld cut\n",
              static_cast<long long>(sent.deltas), static_cast<long long>(sent.prompt),
              static_cast<long long>(sent.completion), static_cast<long long>(sent.body_in),
              static_cast<long long>(got.ok), static_cast<long long>(got.exhausted),
              static_cast<long long>(got.internal), static_cast<long long>(got.unavailable));
}

TEST_P(MetricsTruth, AModelThatIsNotInTheConfigurationIsOther) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Chat(Ask(absl::StrCat("invented-", i))).status.ok());
  const Metrics metrics = Scrape();
  EXPECT_FALSE(absl::StrContains(metrics.text(), "invented"));
  EXPECT_EQ(metrics.Sum("sluice_tokens_total", {{"model", "other"}, {"type", "output"}}), 100);
}

TEST_P(MetricsTruth, OpenStreamsAreSeenWhileTheyRunAndTheAccessLineTellsTheCall) {
  fakes::Event release;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text("x"));
    conversation.WaitFor(release);
    conversation.SendSse(chunks::Finish());
    conversation.EndChunks();
  });
  CallOptions call;
  call.request_id = "look-for-me";
  ChatStream stream = client().Chat(Ask(), call);
  ASSERT_NE(stream.Next(), nullptr);
  EXPECT_EQ(Scrape().Sum("sluice_open_streams"), 1);
  EXPECT_EQ(Scrape().Sum("sluice_pool_connections", {{"state", "in_use"}}), 1);
  release.Set();
  EXPECT_TRUE(ReadAll(std::move(stream)).status.ok());
  int lines = 0;
  for (const std::string& line : LogLines()) {
    if (!absl::StrContains(line, "look-for-me")) continue;
    ++lines;
    for (const char* field : {R"("code":"OK")", R"("upstream":"fake")", R"("deltas":1)", R"("attempts":1)"}) {
      EXPECT_TRUE(absl::StrContains(line, field)) << field << " in " << line;
    }
  }
  EXPECT_EQ(lines, 1);
}

}  // namespace
}  // namespace sluice::integration
