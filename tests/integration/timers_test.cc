// Every timer fires by itself, is named in the error and counted in the metrics.

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/black_hole.h"
#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

using grpc::StatusCode;

class Timers : public GatewayTest {
 protected:
  static Options With(absl::string_view timeouts, absl::string_view more = "retry: {attempts: 1}") {
    Options options;
    options.upstream = absl::StrCat("timeouts: {", timeouts, "}\n    ", more);
    return options;
  }
  double Fired(const std::string& timer) { return Scrape().Sum("sluice_timeouts_total", {{"timer", timer}}); }
  double AllFired() { return Scrape().Sum("sluice_timeouts_total"); }

  // Chat and Complete both end by this timer, which is counted for each, and no other is.
  void ExpectFires(const char* timer, const v1::ChatRequest& request = Ask(), const char* reason = "UPSTREAM_TIMEOUT",
                   StatusCode code = StatusCode::UNAVAILABLE) {
    EXPECT_EQ(AllFired(), 0);
    ExpectNamed(Chat(request).status, timer, reason, code);
    EXPECT_EQ(Fired(timer), 1);
    ExpectNamed(client().Complete(request).status, timer, reason, code);
    EXPECT_EQ(Fired(timer), 2);
    EXPECT_EQ(AllFired(), 2) << "another timer was counted";
  }

 private:
  static void ExpectNamed(const CallStatus& status, const std::string& timer, const char* reason, StatusCode code) {
    EXPECT_EQ(status.code, code) << status.ToString();
    EXPECT_EQ(status.reason, reason);
    EXPECT_EQ(status.metadata.count("stage") == 1 ? status.metadata.at("stage") : "", timer);
    EXPECT_TRUE(absl::StrContains(status.message, absl::StrCat("timeouts.", timer))) << status.message;
  }
};
SLUICE_WITH_ENGINES(Timers);

void NoAnswer(const ReceivedRequest&, Conversation& conversation) { conversation.WaitClosedByPeer(20'000); }

TEST_P(Timers, Pool) {
  fakes::Event release;
  Start(
      [&](const ReceivedRequest&, Conversation& conversation) {
        conversation.WaitFor(release);
        Reply(conversation, TextReply({"x"}));
      },
      With("pool: 200ms", "pool: {connections: 1}"));
  ChatStream first = client().Chat(Ask());
  ASSERT_TRUE(Eventually([&] { return ChatsSeen() == 1; }));
  ExpectFires("pool", Ask(), "POOL_TIMEOUT", StatusCode::RESOURCE_EXHAUSTED);
  release.Set();
  EXPECT_TRUE(ReadAll(std::move(first)).status.ok());
}

TEST_P(Timers, Connect) {
  const fakes::BlackHole hole;
  Options options = With("connect: 200ms");
  options.base_url = absl::StrCat("http://127.0.0.1:", hole.port(), "/v1");
  Start(&NoAnswer, options);
  ExpectFires("connect");
}

TEST_P(Timers, Tls) {
  Start(&NoAnswer, With("tls: 200ms"), {.stall_handshake = true});
  ExpectFires("tls");
}

// A body that does not fit the buffers of both kernels, to an upstream that does not read it.
TEST_P(Timers, Send) {
  Start(&NoAnswer, With("send: 300ms"), {.read_bodies = false});
  ExpectFires("send", Ask("m", std::string(size_t{16} << 20, 'a')));
}

TEST_P(Timers, FirstByte) {
  Start(&NoAnswer, With("first_byte: 200ms"));
  ExpectFires("first_byte");
}

TEST_P(Timers, FirstOutput) {
  Start(
      [](const ReceivedRequest&, Conversation& conversation) {
        conversation.StartSse();
        conversation.SendSse(chunks::Role());
        while (conversation.SendChunk(": ping\n\n") && !conversation.WaitClosedByPeer(20)) {
        }
      },
      With("first_output: 400ms, idle: 60s"));
  ExpectFires("first_output");
}

TEST_P(Timers, Idle) {
  Start(
      [](const ReceivedRequest&, Conversation& conversation) {
        conversation.StartSse();
        conversation.SendSse(chunks::Text("x"));
        conversation.WaitClosedByPeer(20'000);
      },
      With("idle: 300ms"));
  ExpectFires("idle");
}

// Comments are reads like others: an upstream that sends them is not idle.
TEST_P(Timers, IdleIsHeldOffByComments) {
  Start(
      [](const ReceivedRequest&, Conversation& conversation) {
        conversation.StartSse();
        conversation.SendSse(chunks::Text("x"));
        while (conversation.SendChunk(": ping\n\n") && !conversation.WaitClosedByPeer(20)) {
        }
      },
      With("idle: 600ms, total: 1500ms"));
  ExpectFires("total");
}

TEST_P(Timers, Total) {
  Start(
      [](const ReceivedRequest&, Conversation& conversation) {
        conversation.StartSse();
        while (conversation.SendSse(chunks::Text("x")) && !conversation.WaitClosedByPeer(20)) {
        }
      },
      With("total: 500ms"));
  ExpectFires("total");
}

TEST_P(Timers, CallerStall) {
  Options options;
  options.top = "limits: {caller_stall: 300ms}";
  Start(
      [](const ReceivedRequest&, Conversation& conversation) {
        conversation.StartSse();
        const std::string event = chunks::Text(std::string(64 << 10, 'x'));
        while (conversation.SendSse(event)) {
        }
      },
      options);
  ChatStream stalled = client().Chat(Ask());
  EXPECT_TRUE(Eventually([&] { return Fired("caller_stall") == 1; }));
  EXPECT_EQ(AllFired(), 1);
  // No write goes through to such a caller, its status neither: gRPC tells it in its own words.
  EXPECT_EQ(ReadAll(std::move(stalled)).status.code, StatusCode::CANCELLED);
  EXPECT_TRUE(absl::StrContains(absl::StrJoin(LogLines(), "\n"), R"("stage":"caller_stall")"));
}

TEST_P(Timers, OfEachAttemptIsCounted) {
  Start(&NoAnswer, With("first_byte: 200ms", "retry: {attempts: 3, base: 1ms, cap: 2ms}"));
  const CallStatus status = Chat().status;
  EXPECT_EQ(status.metadata.at("stage"), "first_byte");
  EXPECT_EQ(status.metadata.at("attempts"), "3");
  EXPECT_EQ(Fired("first_byte"), 3);
  EXPECT_EQ(AllFired(), 3);
}

// The whole call's, however many attempts it makes.
TEST_P(Timers, TotalGoesOnOverAllAttempts) {
  Start(&NoAnswer, With("first_byte: 400ms, total: 700ms", "retry: {attempts: 10, base: 1ms, cap: 2ms}"));
  const CallStatus status = Chat().status;
  EXPECT_EQ(status.metadata.at("stage"), "total");
  EXPECT_EQ(status.metadata.at("attempts"), "2");
  EXPECT_EQ(Fired("first_byte"), 1);
  EXPECT_EQ(Fired("total"), 1);
}

}  // namespace
}  // namespace sluice::integration
