// The main job: a chat streams through, piece by piece, as it comes.

#include <gmock/gmock.h>

#include <condition_variable>
#include <thread>

#include "absl/strings/match.h"
#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

using ::testing::ElementsAre;

class Streaming : public GatewayTest {};
SLUICE_WITH_ENGINES(Streaming);

TEST_P(Streaming, TextArrivesInOrderBetweenStartedAndUsage) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"Hel", "lo", "!"})); });
  const Answer answer = Chat();

  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.text, "Hello!");
  ASSERT_EQ(answer.events.size(), 6u);
  const v1::Started& started = answer.events.front().started();
  EXPECT_EQ(started.completion_id(), "chatcmpl-1");
  EXPECT_EQ(started.model(), "m-1");
  EXPECT_EQ(started.upstream(), "fake");
  EXPECT_EQ(started.attempt(), 1);
  EXPECT_EQ(started.provider_request_id(), "req_1");
  const v1::Finished& finished = answer.events[4].finished();
  EXPECT_EQ(finished.finish_reason(), v1::FINISH_REASON_STOP);
  EXPECT_EQ(finished.native_finish_reason(), "stop");
  const v1::Usage& usage = answer.events[5].usage();
  EXPECT_EQ(usage.prompt_tokens(), 3);
  EXPECT_EQ(usage.completion_tokens(), 5);
  EXPECT_EQ(usage.total_tokens(), 8);
  EXPECT_FALSE(answer.request_id.empty());
}

TEST_P(Streaming, TheUpstreamGetsTheRequestWithOurKeyAndAsksForUsage) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  v1::ChatRequest request = Ask("m", "what is the time");
  request.set_temperature(0);
  request.mutable_stream_options()->set_include_usage(false);
  const Answer answer = Chat(request);
  ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_TRUE(answer.usage.empty());

  const ReceivedRequest seen = upstream().requests().back();
  EXPECT_EQ(seen.target, "/v1/chat/completions");
  EXPECT_EQ(seen.Header("authorization"), "Bearer sk-test");
  EXPECT_EQ(seen.Header("content-type"), "application/json");
  EXPECT_EQ(seen.Header("x-request-id"), answer.request_id);
  for (const char* member :
       {R"("model":"m")", R"("stream":true)", R"("include_usage":true)", "what is the time", R"("temperature":0)"}) {
    EXPECT_TRUE(absl::StrContains(seen.body, member)) << member << " in " << seen.body;
  }
}

TEST_P(Streaming, CompleteGivesWhatChatGives) {
  Start([](const ReceivedRequest&, Conversation& conversation) {
    Reply(conversation, {chunks::Role(), chunks::Text("one "), chunks::Text("other", 1), chunks::Text("two"),
                         chunks::Finish("length"), chunks::Usage(7, 9)});
  });
  const Answer streamed = Chat();
  const auto gathered = client().Complete(Ask());
  ASSERT_TRUE(gathered.status.ok()) << gathered.status.ToString();
  ASSERT_EQ(gathered.response.choices_size(), 2);
  std::string of_first;
  for (const auto& event : streamed.events) {
    if (event.has_delta() && event.delta().choice() == 0) of_first += event.delta().text();
  }
  EXPECT_EQ(gathered.response.choices(0).text(), of_first);
  EXPECT_EQ(gathered.response.choices(1).text(), "other");
  EXPECT_EQ(gathered.response.choices(0).finish_reason(), streamed.finished.at(0).finish_reason());
  EXPECT_EQ(gathered.response.usage().SerializeAsString(), streamed.usage.at(0).SerializeAsString());
  EXPECT_EQ(gathered.response.model(), "m-1");
  EXPECT_EQ(gathered.response.provider_request_id(), "req_1");
}

TEST_P(Streaming, ModelsThatRoutesLeadToAreListedAndAFailureIsNamed) {
  ScriptedUpstream second([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(200, R"({"data":[{"id":"a","owned_by":"second"},{"id":"m"}]})");
  });
  ScriptedUpstream refusing([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(401, chunks::Error("no", "invalid_request_error", "invalid_api_key"));
  });
  Options options;
  options.upstream = absl::StrCat("pool: {idle: 4}\n  second: {dialect: openai, base_url: \"", second.Url("/v1"),
                                  "\"}\n  third: {dialect: openai, base_url: \"", refusing.Url("/v1"), "\"}");
  options.top = "routes: [{models: [\"*\"], upstream: fake}, {models: [mine], upstream: second, model: a}]";
  Start([](const ReceivedRequest&, Conversation&) {}, options);

  const auto list = client().ListModels();
  ASSERT_TRUE(list.status.ok()) << list.status.ToString();
  ASSERT_EQ(list.response.models_size(), 2);
  EXPECT_EQ(list.response.models(0).id(), "m");
  EXPECT_THAT(list.response.models(0).upstreams(), ElementsAre("fake"));
  EXPECT_EQ(list.response.models(1).id(), "mine");
  EXPECT_EQ(list.response.models(1).owned_by(), "second");
  EXPECT_THAT(list.response.models(1).upstreams(), ElementsAre("second"));
  ASSERT_EQ(list.response.failures_size(), 1);
  EXPECT_EQ(list.response.failures(0).upstream(), "third");
  EXPECT_EQ(list.response.failures(0).reason(), "UPSTREAM_AUTH");
}

TEST_P(Streaming, ARouteRenamesTheModelAndAnUnroutedOneIsRefused) {
  Options options;
  options.top = "routes: [{models: [\"nice-*\"], upstream: fake, model: plain}]\ndefault_model: nice-one";
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); }, options);
  EXPECT_TRUE(Chat(Ask("nice-model")).status.ok());
  EXPECT_TRUE(absl::StrContains(upstream().requests().back().body, R"("model":"plain")"));
  EXPECT_TRUE(Chat(Ask("")).status.ok());
  const Answer refused = Chat(Ask("other"));
  EXPECT_EQ(refused.status.code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(refused.status.reason, "NO_ROUTE");
  EXPECT_EQ(ChatsSeen(), 2);
}

// Proves without a clock that nothing is held back: the upstream does not go on before the caller has what it sent.
TEST_P(Streaming, EachOfAThousandDeltasArrivesBeforeTheUpstreamSendsTheNext) {
  constexpr int kDeltas = 1000;
  std::mutex mutex;
  std::condition_variable changed;
  int acknowledged = 0;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.SendSse(chunks::Role());
    for (int i = 0; i < kDeltas; ++i) {
      conversation.SendSse(chunks::Text(absl::StrCat(i, " ")));
      std::unique_lock lock(mutex);
      if (!changed.wait_for(lock, std::chrono::seconds(20), [&] { return acknowledged > i; })) return;
    }
    conversation.SendSse(chunks::Finish());
    conversation.SendSse(chunks::kDone);
    conversation.EndChunks();
  });
  ChatStream stream = client().Chat(Ask());
  int received = 0;
  for (const v1::ChatResponse& event : stream) {
    if (!event.has_delta()) continue;
    EXPECT_EQ(event.delta().text(), absl::StrCat(received, " "));
    ++received;
    const std::lock_guard lock(mutex);
    acknowledged = received;
    changed.notify_all();
  }
  EXPECT_EQ(received, kDeltas);
  EXPECT_TRUE(stream.status().ok()) << stream.status().ToString();
}

}  // namespace
}  // namespace sluice::integration
