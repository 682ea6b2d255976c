#include "server/upstream/curl_call.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/fake_clock.h"
#include "tests/fakes/black_hole.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::BlackHole;
using fakes::Conversation;
using fakes::Event;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

struct WithClock {
  FakeClock clock;
};

// Each stage's timer, and what a cancel does in it. Time stands still unless a test moves it.
class StageTest : private WithClock, public UpstreamTest {
 protected:
  StageTest() : UpstreamTest(WithClock::clock) {}

  std::shared_ptr<Destination> Impatient(const ScriptedUpstream& upstream) {
    auto destination = To(upstream);
    destination->timeouts = {.pool = absl::Seconds(1),
                             .connect = absl::Seconds(2),
                             .tls = absl::Seconds(3),
                             .send = absl::Seconds(4),
                             .first_byte = absl::Seconds(5),
                             .idle = absl::Seconds(6)};
    return destination;
  }

  void Settle() {
    for (int i = 0; i < 5; ++i) loop_.Turn(false);
  }

  // The receiver's transfer hangs; its timer must fire after `timeout` and not a millisecond earlier.
  void ExpectTimeout(RecordingReceiver& receiver, absl::Duration timeout, Stage stage) {
    Settle();
    clock.Advance(timeout - absl::Milliseconds(1));
    Settle();
    ASSERT_FALSE(receiver.result.has_value()) << receiver.result->detail;
    clock.Advance(absl::Milliseconds(1));
    Settle();
    ASSERT_TRUE(receiver.result.has_value());
    EXPECT_EQ(receiver.result->outcome, Outcome::kTimeout);
    EXPECT_EQ(receiver.result->stage, stage);
    EXPECT_NE(receiver.result->detail.find(StageName(stage)), std::string::npos) << receiver.result->detail;
  }

  void ExpectAllGone() {
    EXPECT_EQ(pool_->stats().open, 0);
    EXPECT_EQ(pool_->stats().in_flight, 0);
    EXPECT_EQ(pool_->stats().waiting, 0);
  }

  FakeClock& clock = WithClock::clock;
  Event closed_;
};

TEST_F(StageTest, WaitingForASlotTimesOut) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.WaitClosedByPeer(); });
  pool_->SetLimits({.connections = 1});
  RecordingReceiver first, second;
  auto running = Start(To(upstream), upstream.Url(), &first);
  auto waiting = Start(Impatient(upstream), upstream.Url(), &second);
  EXPECT_EQ(pool_->stats().waiting, 1);
  ExpectTimeout(second, absl::Seconds(1), Stage::kPool);
  EXPECT_EQ(pool_->stats().waiting, 0);
}

TEST_F(StageTest, ConnectingTimesOut) {
  BlackHole hole;
  ScriptedUpstream unused([](const ReceivedRequest&, Conversation&) {});
  RecordingReceiver receiver;
  auto transfer = Start(Impatient(unused), absl::StrCat("http://127.0.0.1:", hole.port()), &receiver);
  Settle();
  EXPECT_EQ(pool_->stats().open, 1);
  ExpectTimeout(receiver, absl::Seconds(2), Stage::kConnect);
  ExpectAllGone();
}

TEST_F(StageTest, TheHandshakeTimesOut) {
  ScriptedUpstream upstream({.tls = true, .stall_handshake = true}, nullptr);
  RecordingReceiver receiver;
  auto transfer = Start(Impatient(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return upstream.counts().accepted == 1; }));
  ExpectTimeout(receiver, absl::Seconds(3), Stage::kTls);
  ExpectAllGone();
}

TEST_F(StageTest, SendingTimesOut) {
  ScriptedUpstream upstream({.read_bodies = false},
                            [](const ReceivedRequest&, Conversation& to) { to.WaitClosedByPeer(); });
  RecordingReceiver receiver;
  auto transfer = client_.Start(Impatient(upstream), Post(upstream.Url(), std::string(64 << 20, 'x')), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return upstream.counts().requests == 1; }));
  uint64_t sent = 0;
  ASSERT_TRUE(TurnUntil([&] { return std::exchange(sent, transfer->bytes_out()) == transfer->bytes_out(); }));
  EXPECT_EQ(receiver.sent, 0);
  ExpectTimeout(receiver, absl::Seconds(4), Stage::kSend);
  ExpectAllGone();
}

TEST_F(StageTest, WaitingForTheReplyTimesOutAndAnInterimReplyDoesNotHelp) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.SendRaw("HTTP/1.1 102 Processing\r\n\r\n");
    to.WaitClosedByPeer();
  });
  RecordingReceiver receiver;
  auto transfer = Start(Impatient(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return receiver.sent == 1; }));
  ExpectTimeout(receiver, absl::Seconds(5), Stage::kFirstByte);
  ExpectAllGone();
}

TEST_F(StageTest, SilenceInTheBodyTimesOutCountedFromTheLastRead) {
  Event second_read;
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("a");
    if (to.WaitFor(second_read)) to.SendSse("b");
    to.WaitClosedByPeer();
  });
  RecordingReceiver receiver;
  auto transfer = Start(Impatient(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty(); }));
  clock.Advance(absl::Seconds(5));
  Settle();
  second_read.Set();
  ASSERT_TRUE(TurnUntil([&] { return receiver.body.size() > 10; }));
  ExpectTimeout(receiver, absl::Seconds(6), Stage::kBody);
  ExpectAllGone();
}

TEST_F(StageTest, TheIdleTimerStandsStillWhilePaused) {
  Event go_on;
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("a");
    if (to.WaitFor(go_on)) to.EndChunks();
  });
  RecordingReceiver receiver;
  auto transfer = Start(Impatient(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return !receiver.body.empty(); }));
  transfer->Pause();
  clock.Advance(absl::Hours(1));
  Settle();
  EXPECT_FALSE(receiver.result.has_value());
  transfer->Resume();
  ExpectTimeout(receiver, absl::Seconds(6), Stage::kBody);
}

TEST_F(StageTest, ACallCancelledWhileWaitingLeavesTheLine) {
  Event finish;
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    if (to.WaitFor(finish)) to.SendReply(200, "");
  });
  pool_->SetLimits({.connections = 1});
  RecordingReceiver first, second, third;
  auto running = Start(To(upstream), upstream.Url("/1"), &first);
  auto cancelled = Start(To(upstream), upstream.Url("/2"), &second);
  auto next = Start(To(upstream), upstream.Url("/3"), &third);
  cancelled = nullptr;
  EXPECT_EQ(pool_->stats().waiting, 1);
  finish.Set();
  ASSERT_TRUE(TurnUntilEnd(third));
  EXPECT_FALSE(second.result.has_value());
  EXPECT_EQ(upstream.counts().requests, 2);
}

TEST_F(StageTest, CancelClosesAtEveryStage) {
  struct Case {
    const char* stage;
    ScriptedUpstream::Options options;
    std::function<bool(const ScriptedUpstream&, const RecordingReceiver&)> reached;
  };
  const auto started = [](const ReceivedRequest& request, Conversation& to) {
    if (request.target == "/first_byte") return void(to.WaitClosedByPeer());
    to.StartSse();
    to.SendSse("a");
    to.WaitClosedByPeer();
  };
  const std::vector<Case> cases = {
      {"tls",
       {.tls = true, .stall_handshake = true},
       [](const auto& upstream, const auto&) { return upstream.counts().accepted == 1; }},
      {"first_byte", {.tls = true}, [](const auto& upstream, const auto&) { return upstream.counts().requests == 1; }},
      {"idle", {.tls = true}, [](const auto&, const auto& receiver) { return !receiver.body.empty(); }},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.stage);
    ScriptedUpstream upstream(c.options, started);
    RecordingReceiver receiver;
    auto transfer = client_.Start(To(upstream), Post(upstream.Url(absl::StrCat("/", c.stage))), &receiver);
    ASSERT_TRUE(TurnUntil([&] { return c.reached(upstream, receiver); }));
    transfer = nullptr;
    ExpectAllGone();  // before the destructor returned
    EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
    EXPECT_FALSE(receiver.result.has_value());
  }
}

TEST_F(StageTest, CancelInTheMiddleOfTheRequestIsSeenByAnUpstreamThatDoesNotRead) {
  ScriptedUpstream upstream({.read_bodies = false},
                            [](const ReceivedRequest&, Conversation& to) { to.WaitClosedByPeer(60'000); });
  RecordingReceiver receiver;
  auto transfer = client_.Start(To(upstream), Post(upstream.Url(), std::string(64 << 20, 'x')), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return upstream.counts().requests == 1; }));
  uint64_t sent = 0;
  ASSERT_TRUE(TurnUntil([&] { return std::exchange(sent, transfer->bytes_out()) == transfer->bytes_out(); }));
  transfer = nullptr;
  ExpectAllGone();
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
}

TEST_F(StageTest, CancelWhileConnectingClosesTheSocket) {
  BlackHole hole;
  ScriptedUpstream unused([](const ReceivedRequest&, Conversation&) {});
  RecordingReceiver receiver;
  auto transfer = Start(To(unused), absl::StrCat("http://127.0.0.1:", hole.port()), &receiver);
  Settle();
  EXPECT_EQ(pool_->stats().open, 1);
  transfer = nullptr;
  ExpectAllGone();
}

TEST_F(StageTest, CancelRightAfterStartDoesNothingAtAll) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation&) {});
  RecordingReceiver receiver;
  Start(To(upstream), upstream.Url(), &receiver);
  Settle();
  ExpectAllGone();
  EXPECT_EQ(pool_->stats().opened_total, 0u);
  EXPECT_EQ(receiver.sent, 0);
}

}  // namespace
}  // namespace sluice::upstream
