// The gateway's own limits: what is above them is refused, and named; what the transport enforces is as gRPC does it.

#include "absl/strings/match.h"
#include "tests/integration/harness.h"
#include "tests/integration/raw_http2.h"

namespace sluice::integration {
namespace {

using grpc::StatusCode;

class LimitsReached : public GatewayTest {
 protected:
  static Options With(absl::string_view limits) {
    Options options;
    options.top = absl::StrCat("limits: {", limits, "}");
    return options;
  }
  // Answers every chat with these events.
  void StartReplying(absl::string_view limits, std::vector<std::string> events = TextReply({"x"})) {
    Start([events](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, events); }, With(limits));
  }
  // Answers a chat that says "quick" at once, the others once release_ is set.
  void StartHolding(absl::string_view limits) {
    Start(
        [this](const ReceivedRequest& request, Conversation& conversation) {
          if (!absl::StrContains(request.body, "quick")) conversation.WaitFor(release_);
          Reply(conversation, TextReply({"x"}));
        },
        With(limits));
  }
  std::vector<ChatStream> Hold(int calls) {
    std::vector<ChatStream> held;
    const int before = ChatsSeen();
    for (int i = 0; i < calls; ++i) held.push_back(client().Chat(Ask()));
    EXPECT_TRUE(Eventually([&] { return ChatsSeen() == before + calls; }));
    return held;
  }
  void Release(std::vector<ChatStream> held) {
    release_.Set();
    for (ChatStream& stream : held) {
      const Answer answer = ReadAll(std::move(stream));
      EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
    }
  }
  static void ExpectReached(const CallStatus& status, const char* reason, const std::string& limit) {
    EXPECT_EQ(status.code, StatusCode::RESOURCE_EXHAUSTED) << status.ToString();
    EXPECT_EQ(status.reason, reason);
    EXPECT_EQ(status.metadata.count("limit") == 1 ? status.metadata.at("limit") : "", limit);
    EXPECT_TRUE(absl::StrContains(status.message, limit)) << status.message;
  }
  double TimesReached(const char* limit) { return Scrape().Sum("sluice_limits_reached_total", {{"limit", limit}}); }

  fakes::Event release_;
};
SLUICE_WITH_ENGINES(LimitsReached);

TEST_P(LimitsReached, RequestBytes) {
  StartReplying("request_bytes: 65536");
  EXPECT_TRUE(Chat(Ask("m", std::string(65'000, 'a'))).status.ok());
  const v1::ChatRequest above = Ask("m", std::string(65'537, 'a'));
  ExpectReached(Chat(above).status, "REQUEST_TOO_LARGE", "limits.request_bytes");
  ExpectReached(client().Complete(above).status, "REQUEST_TOO_LARGE", "limits.request_bytes");
  EXPECT_EQ(TimesReached("limits.request_bytes"), 2);
  EXPECT_EQ(ChatsSeen(), 1);
}

// Which then need not read it.
TEST_P(LimitsReached, MoreThanTwiceTheRequestBytesAreRefusedByGrpcItself) {
  StartReplying("request_bytes: 65536");
  const v1::ChatRequest far_above = Ask("m", std::string(2 * 65'536, 'a'));
  for (const CallStatus& status : {Chat(far_above).status, client().Complete(far_above).status}) {
    EXPECT_EQ(status.code, StatusCode::RESOURCE_EXHAUSTED) << status.ToString();
    EXPECT_EQ(status.reason, "");
  }
  EXPECT_EQ(ChatsSeen(), 0);
}

TEST_P(LimitsReached, Messages) {
  StartReplying("messages: 3");
  v1::ChatRequest request = Ask();
  *request.add_messages() = request.messages(0);
  *request.add_messages() = request.messages(0);
  EXPECT_TRUE(Chat(request).status.ok());
  *request.add_messages() = request.messages(0);
  ExpectReached(Chat(request).status, "REQUEST_TOO_LARGE", "limits.messages");
  ExpectReached(client().Complete(request).status, "REQUEST_TOO_LARGE", "limits.messages");
  EXPECT_EQ(TimesReached("limits.messages"), 2);
  EXPECT_EQ(ChatsSeen(), 1);
}

TEST_P(LimitsReached, EventBytes) {
  StartReplying("event_bytes: 4096", {chunks::Text("x"), chunks::Text(std::string(8192, 'y')), chunks::Finish()});
  const Answer answer = Chat();
  ExpectReached(answer.status, "EVENT_TOO_LARGE", "limits.event_bytes");
  EXPECT_EQ(answer.text, "x");
  EXPECT_TRUE(answer.finished.empty()) << "a finish was invented";
  ExpectReached(client().Complete(Ask()).status, "EVENT_TOO_LARGE", "limits.event_bytes");
  EXPECT_EQ(TimesReached("limits.event_bytes"), 2);
}

TEST_P(LimitsReached, JsonDepth) {
  const auto nested = [](int depth) {  // of a whole chunk
    const auto lists = static_cast<size_t>(depth - 1);
    return chunks::WithChoices(R"({"index":0,"delta":{"content":"y"}})",
                               absl::StrCat(R"(,"more":)", std::string(lists, '['), std::string(lists, ']')));
  };
  Options options = With("json_depth: 16");
  options.upstream = "retry: {attempts: 1}";
  Start(
      [&](const ReceivedRequest& request, Conversation& conversation) {
        const int depth = absl::StrContains(request.body, "deeper") ? 17 : 16;
        Reply(conversation, {chunks::Text("x"), nested(depth), chunks::Finish()});
      },
      options);
  EXPECT_EQ(Chat().text, "xy");
  const Answer answer = Chat(Ask("m", "deeper"));
  EXPECT_EQ(answer.status.code, StatusCode::INTERNAL) << answer.status.ToString();
  EXPECT_EQ(answer.status.reason, "UPSTREAM_PROTOCOL");
  EXPECT_EQ(answer.text, "x");
}

TEST_P(LimitsReached, CompleteBytes) {
  fakes::Event closed;
  Start(
      [&](const ReceivedRequest& request, Conversation& conversation) {
        std::vector<std::string> events(8, chunks::Text(std::string(16 << 10, 'a')));
        events.push_back(chunks::Finish());
        if (absl::StrContains(request.body, "whole")) return Reply(conversation, events);
        conversation.StartSse();
        for (const std::string& event : events) conversation.SendSse(event);
        if (conversation.WaitClosedByPeer()) closed.Set();
      },
      With("complete_bytes: 65536"));
  const auto gathered = client().Complete(Ask());
  ExpectReached(gathered.status, "ANSWER_TOO_LARGE", "limits.complete_bytes");
  EXPECT_TRUE(absl::StrContains(gathered.status.message, "call Chat")) << gathered.status.message;
  ASSERT_TRUE(gathered.status.usage.has_value()) << "it was paid for";
  EXPECT_TRUE(gathered.status.usage->estimated());
  EXPECT_GT(gathered.status.usage->completion_tokens(), 65536 / 4);
  EXPECT_TRUE(closed.Wait()) << "the upstream goes on";
  ExpectReached(client().Complete(Ask("m", "whole")).status, "ANSWER_TOO_LARGE", "limits.complete_bytes");
  EXPECT_EQ(TimesReached("limits.complete_bytes"), 2);
  EXPECT_EQ(ChatsSeen(), 2) << "it was asked for again";
  EXPECT_EQ(Chat(Ask("m", "whole")).text.size(), size_t{128} << 10);
}

TEST_P(LimitsReached, QueuedCalls) {
  StartHolding("open_calls: 2, queued_calls: 1, queue_wait: 60s");
  std::vector<ChatStream> held = Hold(2);
  held.push_back(client().Chat(Ask()));
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_queued_calls") == 1; }));
  ExpectReached(Chat(Ask("m", "quick")).status, "TOO_MANY_CALLS", "limits.queued_calls");
  ExpectReached(client().Complete(Ask("m", "quick")).status, "TOO_MANY_CALLS", "limits.queued_calls");
  ExpectReached(client().ListModels().status, "TOO_MANY_CALLS", "limits.queued_calls");
  EXPECT_GE(TimesReached("limits.queued_calls"), 2);
  EXPECT_EQ(ChatsSeen(), 2);
  Release(std::move(held));
  EXPECT_TRUE(Chat().status.ok());
}

TEST_P(LimitsReached, OpenCallsForLongerThanQueueWait) {
  StartHolding("open_calls: 1, queue_wait: 100ms");
  std::vector<ChatStream> held = Hold(1);
  ExpectReached(Chat(Ask("m", "quick")).status, "TOO_MANY_CALLS", "limits.open_calls");
  ExpectReached(client().Complete(Ask("m", "quick")).status, "TOO_MANY_CALLS", "limits.open_calls");
  ExpectReached(client().ListModels().status, "TOO_MANY_CALLS", "limits.open_calls");
  EXPECT_GE(TimesReached("limits.open_calls"), 2);
  EXPECT_EQ(ChatsSeen(), 1);
  Release(std::move(held));
  EXPECT_TRUE(Chat().status.ok());
}

TEST_P(LimitsReached, MoreOpenCallsByAReloadLetTheFirstInLineIn) {
  StartHolding("open_calls: 1, queue_wait: 60s");
  std::vector<ChatStream> held = Hold(1);
  ChatStream waiting = client().Chat(Ask("m", "quick"));
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_queued_calls") == 1; }));
  gateway().Reload(Load(With("open_calls: 2, queue_wait: 60s")));
  EXPECT_TRUE(ReadAll(std::move(waiting)).status.ok());
  gateway().Reload(Load(With("open_calls: 1, queued_calls: 0")));
  ExpectReached(Chat(Ask("m", "quick")).status, "TOO_MANY_CALLS", "limits.queued_calls");
  Release(std::move(held));
}

// ---- What the transport enforces.

TEST_P(LimitsReached, HeaderBytesAreRefusedAsGrpcDoes) {
  StartReplying("header_bytes: 2048");
  CallOptions call;
  call.metadata = {{"x-some", std::string(1000, 'a')}};
  EXPECT_TRUE(Chat(Ask(), call).status.ok());
  call.metadata = {{"x-some", std::string(4000, 'a')}};
  const CallStatus refused = Chat(Ask(), call).status;
  EXPECT_EQ(refused.code, StatusCode::RESOURCE_EXHAUSTED) << refused.ToString();
  EXPECT_EQ(refused.reason, "");
  EXPECT_EQ(ChatsSeen(), 1);
}

TEST_P(LimitsReached, ACallAboveConnectionStreamsWaitsAtItsCaller) {
  StartHolding("connection_streams: 2");
  std::vector<ChatStream> held = Hold(2);
  held.push_back(client().Chat(Ask("m", "quick, but on the same connection")));
  EXPECT_TRUE(ReadAll(Client(Connect(gateway().grpc_port())).Chat(Ask("m", "quick"))).status.ok());
  EXPECT_EQ(ChatsSeen(), 3) << "a third call came through on a connection for two";
  Release(std::move(held));
  EXPECT_EQ(ChatsSeen(), 4);
}

TEST_P(LimitsReached, CallersAreToldTheTransportsLimits) {
  StartReplying("header_bytes: 2048, connection_streams: 7");
  RawHttp2 caller(gateway().grpc_port());
  const auto frame = caller.NextOf(RawHttp2::kSettings);
  ASSERT_TRUE(frame.has_value());
  auto settings = ReadSettings(*frame);
  EXPECT_EQ(settings[3], 7u) << "SETTINGS_MAX_CONCURRENT_STREAMS";
  EXPECT_EQ(settings[6], 2048u) << "SETTINGS_MAX_HEADER_LIST_SIZE";
}

TEST_P(LimitsReached, AnOldConnectionIsToldToGoElsewhereAndItsCallsGoOn) {
  StartHolding("connection_age: 1s");
  RawHttp2 caller(gateway().grpc_port());
  std::vector<ChatStream> held = Hold(2);
  ASSERT_TRUE(caller.NextOf(RawHttp2::kGoAway).has_value());  // its twin of the two calls has had one, too
  Release(std::move(held));
}

TEST_P(LimitsReached, AFloodOfPingsIsSentAway) {
  StartReplying("drain: 1m");
  RawHttp2 caller(gateway().grpc_port());
  for (int i = 0; i < 10; ++i) caller.Ping();
  const auto goodbye = caller.NextOf(RawHttp2::kGoAway);
  ASSERT_TRUE(goodbye.has_value());
  constexpr uint32_t kEnhanceYourCalm = 11;
  EXPECT_EQ(NumberAt(goodbye->payload, 4), kEnhanceYourCalm);
  EXPECT_EQ(goodbye->payload.substr(8), "too_many_pings");
  while (caller.Next()) {
  }
  EXPECT_TRUE(Chat().status.ok()) << "others suffer from it";
}

}  // namespace
}  // namespace sluice::integration
