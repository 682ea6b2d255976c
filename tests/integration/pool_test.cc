// Connections to the upstream: used again, bounded, queued for.

#include <atomic>
#include <thread>

#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

class PoolReuse : public GatewayTest {};
SLUICE_WITH_ENGINES(PoolReuse);

TEST_P(PoolReuse, AHundredCallsOneAfterTheOtherShareOneHandshake) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Chat().status.ok());
  const ScriptedUpstream::Counts counts = upstream().counts();
  std::printf("100 calls in a row, %d engines: %d TLS handshakes\n", GetParam(), counts.handshakes);
  EXPECT_EQ(ChatsSeen(), 100);
  // A connection belongs to one engine; the start-up check has warmed the first one's.
  EXPECT_LE(counts.handshakes, GetParam());
}

TEST_P(PoolReuse, ConnectionsAreUsedAgainAfterErrorReplies) {
  Options once;
  once.upstream = "retry: {attempts: 1}";
  Start(
      [](const ReceivedRequest&, Conversation& conversation) {
        conversation.SendReply(429, chunks::Error("slow", "requests", "rate_limit_exceeded"));
      },
      once);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Chat().status.reason, "RATE_LIMITED");
  EXPECT_LE(upstream().counts().handshakes, GetParam());
}

TEST_P(PoolReuse, AHundredCallsAtOnceAllSucceed) {
  std::atomic<int> running{0};
  fakes::Event all_here;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    if (++running == 100) all_here.Set();
    conversation.WaitFor(all_here);
    Reply(conversation, TextReply({"a", "b"}));
  });
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 100; ++i) {
    callers.emplace_back([&] {
      const Answer answer = Chat();
      good += answer.status.ok() && answer.text == "ab";
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_TRUE(all_here.IsSet()) << "the calls did not run at the same time";
  EXPECT_EQ(good, 100);
}

TEST_P(PoolReuse, CallsBeyondTheLimitQueueAndAllSucceed) {
  std::atomic<int> running{0}, most{0};
  Options options;
  options.upstream = "pool: {connections: 3}";
  Start(
      [&](const ReceivedRequest&, Conversation& conversation) {
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        Reply(conversation, {chunks::Text("x"), chunks::Finish()});
        --running;
      },
      options);
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 60; ++i) callers.emplace_back([&] { good += Chat().status.ok(); });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(good, 60);
  EXPECT_LE(most, 3);
  // The limit is on calls; a connection that another engine keeps idle stays open beside them, at most pool.idle.
  EXPECT_LE(upstream().counts().open, GetParam() == 1 ? 3 : 6);
}

TEST_P(PoolReuse, ACallThatWaitsLongerThanThePoolTimeoutSaysSo) {
  fakes::Event release;
  Options options;
  options.upstream = "pool: {connections: 1}\n    timeouts: {pool: 200ms}";
  Start(
      [&](const ReceivedRequest&, Conversation& conversation) {
        conversation.WaitFor(release);
        Reply(conversation, TextReply({"x"}));
      },
      options);
  std::thread first([&] { EXPECT_TRUE(Chat().status.ok()); });
  ASSERT_TRUE(upstream().WaitUntil([](const auto& counts) { return counts.requests == 2; }));
  const Answer second = Chat();
  release.Set();
  first.join();
  EXPECT_EQ(second.status.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(second.status.reason, "POOL_TIMEOUT");
  EXPECT_EQ(ChatsSeen(), 1);
}

}  // namespace
}  // namespace sluice::integration
