// Heartbeats over the wire: a silent call shows that it lives, where its caller asks for that.

#include <gmock/gmock.h>

#include <atomic>

#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

class Heartbeats : public GatewayTest {
 protected:
  // What an upstream that says nothing until it is released answers then.
  void StartSilent() {
    Start([this](const ReceivedRequest&, Conversation& conversation) {
      conversation.WaitFor(release_);
      Reply(conversation, TextReply({"x"}));
    });
  }
  static v1::ChatRequest AskForThem(absl::string_view prompt = "hello") {
    v1::ChatRequest request = Ask("m", prompt);
    request.mutable_heartbeat_interval()->set_seconds(1);
    return request;
  }
  static std::string Kinds(const Answer& answer) {
    std::string kinds;
    for (const v1::ChatResponse& event : answer.events) {
      kinds += event.has_heartbeat() ? 'h' : event.has_started() ? 's' : event.has_delta() ? 'd' : '.';
    }
    return kinds;
  }

  fakes::Event release_;
};
SLUICE_WITH_ENGINES(Heartbeats);

TEST_P(Heartbeats, ComeAtTheirIntervalUntilTheAnswerDoesAndOnlyWhereAsked) {
  StartSilent();
  ChatStream silent = client().Chat(Ask());
  ChatStream asked = client().Chat(AskForThem());
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 1; i <= 2; ++i) {
    const v1::ChatResponse* event = asked.Next();
    ASSERT_NE(event, nullptr) << asked.status().ToString();
    EXPECT_TRUE(event->has_heartbeat()) << event->ShortDebugString();
    EXPECT_GT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(900 * i)) << "too many";
  }
  release_.Set();
  const Answer answer = ReadAll(std::move(asked));
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_THAT(Kinds(answer), ::testing::MatchesRegex("h*sd.."));
  EXPECT_EQ(Kinds(ReadAll(std::move(silent))), "sd..");
}

// Events that say something are heartbeats enough.
TEST_P(Heartbeats, AreNotMixedIntoAStreamThatFlows) {
  Start([](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    for (int i = 0; i < 30; ++i) {
      conversation.SendSse(chunks::Text("x"));
      conversation.WaitClosedByPeer(50);
    }
    conversation.SendSse(chunks::Finish());
    conversation.EndChunks();
  });
  const Answer answer = Chat(AskForThem());
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(Kinds(answer), "s" + std::string(30, 'd') + ".");
}

TEST_P(Heartbeats, ComeBetweenAttemptsToo) {
  std::atomic<int> asked{0};
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    if (++asked == 1) return static_cast<void>(conversation.SendReply(503, "", {{"retry-after", "2"}}));
    Reply(conversation, TextReply({"x"}));
  });
  const Answer answer = Chat(AskForThem());
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_THAT(Kinds(answer), ::testing::MatchesRegex("h+sd.."));
  EXPECT_EQ(answer.started.at(0).attempt(), 2) << "a heartbeat was taken for output";
}

TEST_P(Heartbeats, DoNotChangeAGatheredAnswer) {
  StartSilent();
  release_.Set();
  const auto answer = client().Complete(AskForThem());
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
}

TEST_P(Heartbeats, DoNotHideThatTheUpstreamIsSilentForTooLong) {
  Options options;
  options.upstream = "timeouts: {first_byte: 1500ms}\n    retry: {attempts: 1}";
  Start([](const ReceivedRequest&, Conversation& conversation) { conversation.WaitClosedByPeer(20'000); }, options);
  const Answer answer = Chat(AskForThem());
  EXPECT_EQ(answer.status.reason, "UPSTREAM_TIMEOUT") << answer.status.ToString();
  EXPECT_EQ(Kinds(answer), "h");
}

}  // namespace
}  // namespace sluice::integration
