// Pausing, retiring, and what a transfer answers after its end.

#include <dirent.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "server/base/fake_clock.h"
#include "server/upstream/curl_call.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::Event;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

std::string Numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  return text;
}

class CurlTransferTest : public UpstreamTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Both, CurlTransferTest, testing::Bool(),
                         [](const auto& tls) { return tls.param ? "Tls" : "Plain"; });

TEST_P(CurlTransferTest, AHundredPausesLoseNothing) {
  const std::string body = Numbers(200'000);
  ScriptedUpstream upstream({.tls = GetParam()}, [&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    for (size_t at = 0; at < body.size(); at += 700) to.SendChunk(body.substr(at, 700));
    to.EndChunks();
  });
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  int pauses = 0;
  receiver.on_body = [&] {
    EXPECT_FALSE(transfer->paused()) << "OnBody while paused";
    if (pauses == 100 || receiver.body.size() < static_cast<size_t>(pauses) * 10'000) return;
    ++pauses;
    transfer->Pause();
    loop_.Post([&] {
      const size_t before = receiver.body.size();
      transfer->Resume();
      EXPECT_EQ(receiver.body.size(), before) << "OnBody from inside Resume";
    });
  };
  transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete);
  EXPECT_EQ(pauses, 100);
  EXPECT_TRUE(receiver.body == body);
  EXPECT_EQ(transfer->bytes_in(), body.size());
}

// An upstream that sends without a pause leaves the loop's other work its turns.
TEST_P(CurlTransferTest, BringsAtMostSoMuchATurn) {
  constexpr size_t kCurlBuffer = 2048;
  const std::string body = Numbers(200'000);
  ScriptedUpstream upstream({.tls = GetParam()}, [&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendChunk(body);
    to.EndChunks();
  });
  RecordingReceiver receiver;
  MonoTime turn{};
  size_t before_turn = 0;
  size_t seen = 0;
  size_t most = 0;
  receiver.on_body = [&] {
    if (turn != loop_.Now()) before_turn = seen;
    turn = loop_.Now();
    seen = receiver.body.size();
    most = std::max(most, seen - before_turn);
  };
  const auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete);
  EXPECT_TRUE(receiver.body == body);
  EXPECT_LT(most, CurlCall::kMostPerTurn + kCurlBuffer);
  EXPECT_FALSE(transfer->paused()) << "that is for the receiver to do";
}

TEST_P(CurlTransferTest, APausedTransferHoldsTheUpstreamBack) {
  std::atomic<size_t> sent{0};
  constexpr size_t kTotal = 64 << 20;
  ScriptedUpstream upstream({.tls = GetParam()}, [&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    const std::string block(64 << 10, 'x');
    while (sent < kTotal && to.SendChunk(block)) sent += block.size();
    to.EndChunks();
  });
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  receiver.on_body = [&] { transfer->Pause(); };
  transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return transfer->paused(); }));
  const size_t seen = receiver.body.size();
  // Until the upstream can write no more: nothing moves between two looks.
  size_t before = 1;
  ASSERT_TRUE(TurnUntil([&] { return std::exchange(before, sent.load()) == sent.load(); }));
  EXPECT_LT(sent.load(), kTotal / 2);
  EXPECT_EQ(receiver.body.size(), seen);
  receiver.on_body = nullptr;
  transfer->Resume();
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.body.size(), kTotal);
}

TEST_P(CurlTransferTest, CancelWhilePausedCloses) {
  ScriptedUpstream upstream({.tls = GetParam()}, [](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("a");
    to.WaitClosedByPeer();
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty(); }));
  transfer->Pause();
  transfer = nullptr;
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
}

class LifeTest : public UpstreamTest {
 protected:
  // Starts a call and retires it when its end mark has come.
  void StartAndRetire(const ScriptedUpstream& upstream, const std::string& path) {
    RecordingReceiver receiver;
    std::unique_ptr<Transfer> transfer;
    receiver.on_body = [&] {
      if (receiver.body.find("[DONE]") != std::string::npos) client_.Retire(std::move(transfer));
    };
    transfer = Start(To(upstream), upstream.Url(path), &receiver);
    ASSERT_TRUE(TurnUntil([&] { return transfer == nullptr; }));
    EXPECT_FALSE(receiver.result.has_value());
  }
};

TEST_F(LifeTest, PausedBeforeTheReplyAndResumedLater) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, "body"); });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  transfer->Pause();
  ASSERT_TRUE(TurnUntil([&] { return receiver.heads == 1; }));
  for (int i = 0; i < 5; ++i) loop_.Turn(false);
  EXPECT_EQ(receiver.body, "");
  EXPECT_FALSE(receiver.result.has_value());
  transfer->Resume();
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.body, "body");
}

TEST_F(LifeTest, ResumeTakenBackAtOnceStaysPaused) {
  Event go_on;
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("a");
    if (to.WaitFor(go_on)) to.SendSse("b");
    to.EndChunks();
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty(); }));
  transfer->Pause();
  go_on.Set();
  transfer->Resume();
  transfer->Pause();
  for (int i = 0; i < 5; ++i) loop_.Turn(false);
  EXPECT_EQ(receiver.body, "data: a\n\n");
  transfer->Resume();
  EXPECT_TRUE(TurnUntilEnd(receiver));
}

TEST_F(LifeTest, ATransferThatEndedAnswersQuietly) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, "four"); });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  transfer->Pause();
  EXPECT_FALSE(transfer->paused());
  transfer->Resume();
  EXPECT_EQ(transfer->bytes_in(), 4u);
  client_.Retire(std::move(transfer));
}

TEST_F(LifeTest, ARetiredConnectionServesTheNextCall) {
  ScriptedUpstream upstream({.tls = true}, [](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("[DONE]");
    to.SendSse("swallowed");
    to.EndChunks();
  });
  for (int i = 0; i < 5; ++i) {
    StartAndRetire(upstream, "/");
    ASSERT_TRUE(TurnUntil([&] { return pool_->stats().in_flight == 0; }));
  }
  EXPECT_EQ(upstream.counts().handshakes, 1);
}

TEST_F(LifeTest, ARetiredTransferThatWasPausedDrains) {
  const std::string rest(1 << 20, 'r');
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("[DONE]");
    to.SendChunk(rest);
    to.EndChunks();
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty(); }));
  transfer->Pause();
  client_.Retire(std::move(transfer));
  ASSERT_TRUE(TurnUntil([&] { return pool_->stats().in_flight == 0; }));
  EXPECT_EQ(pool_->stats().open, 1);
}

TEST_F(LifeTest, WithEnoughIdleConnectionsARetiredOneIsClosedAtOnce) {
  pool_->SetLimits({.connections = 10, .idle = 0});
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("[DONE]");
    to.WaitClosedByPeer();
  });
  StartAndRetire(upstream, "/");
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
}

struct WithClock {
  FakeClock clock;
};
class LingerTest : private WithClock, public UpstreamTest {
 protected:
  LingerTest() : UpstreamTest(WithClock::clock) {}
  FakeClock& clock = WithClock::clock;
};

TEST_F(LingerTest, ARetiredReplyThatDoesNotEndIsClosedAfterASecond) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("[DONE]");
    to.WaitClosedByPeer();
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty(); }));
  client_.Retire(std::move(transfer));
  clock.Advance(absl::Milliseconds(999));
  loop_.Turn(false);
  EXPECT_EQ(pool_->stats().open, 1);
  clock.Advance(absl::Milliseconds(1));
  loop_.Turn(false);
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_EQ(pool_->stats().in_flight, 0);
  EXPECT_FALSE(receiver.result.has_value());
}

int OpenDescriptors() {
  int count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

TEST_F(LifeTest, NoDescriptorIsLeftBehind) {
  ScriptedUpstream upstream({.tls = true}, [](const ReceivedRequest& request, Conversation& to) {
    to.StartSse();
    to.SendSse("a");
    if (request.target == "/ends") to.EndChunks();
    if (request.target == "/hangs") to.WaitClosedByPeer();
    if (request.target == "/breaks") to.Reset();
  });
  const auto round = [&] {
    CurlClient client(loop_);
    for (const char* path : {"/ends", "/hangs", "/breaks"}) {
      std::vector<RecordingReceiver> receivers(40);
      std::vector<std::unique_ptr<Transfer>> transfers;
      for (auto& receiver : receivers) {
        transfers.push_back(client.Start(To(upstream), Post(upstream.Url(path)), &receiver));
      }
      for (auto& receiver : receivers) {
        ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty() || receiver.result.has_value(); }));
      }
    }
  };
  round();
  ASSERT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
  const int before = OpenDescriptors();
  round();
  ASSERT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_EQ(pool_->stats().open, 0);
}

}  // namespace
}  // namespace sluice::upstream
