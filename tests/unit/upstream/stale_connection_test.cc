// A pooled connection that dies before a byte of the reply has come is replaced, and nobody hears of it.

#include <gtest/gtest.h>

#include <tuple>

#include "absl/strings/str_cat.h"
#include "server/base/fake_clock.h"
#include "server/upstream/curl_call.h"
#include "tests/unit/upstream/dying_upstream.h"
#include "tests/unit/upstream/interposed.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using End = DyingUpstream::End;
using fakes::Conversation;
using fakes::Event;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

constexpr size_t kIdle = 0;
constexpr size_t kHalf = static_cast<size_t>(-2);
constexpr size_t kWhole = DyingUpstream::kWhole;

class StaleTest : public UpstreamTest {
 protected:
  ~StaleTest() override { before_send = nullptr; }

  std::shared_ptr<Destination> ToDying(const DyingUpstream& upstream) {
    auto destination = std::make_shared<Destination>();
    destination->tls.ca_pem = upstream.ca_pem();
    destination->pool = pool_;
    return destination;
  }
  // The exchange that leaves a connection in the pool.
  bool UseOnce(const DyingUpstream& upstream) {
    return Exchange(ToDying(upstream), upstream.Url()).outcome == Outcome::kComplete;
  }
  void ExpectServed(const DyingUpstream& upstream, const std::string& body) {
    RecordingReceiver receiver;
    auto transfer = client_.Start(ToDying(upstream), Post(upstream.Url(), body), &receiver);
    ASSERT_TRUE(TurnUntilEnd(receiver));
    ASSERT_EQ(receiver.result->outcome, Outcome::kComplete) << receiver.result->detail;
    EXPECT_FALSE(receiver.result->reused);
    EXPECT_EQ(receiver.sent, 1);
    EXPECT_EQ(receiver.heads, 1);
    EXPECT_EQ(receiver.body, "ok");
    EXPECT_EQ(transfer->bytes_out(), body.size());
    EXPECT_EQ(upstream.accepted(), 2);
    EXPECT_TRUE(upstream.last_body() == body);  // sent again in full
    EXPECT_EQ(pool_->stats().open, 1);
    EXPECT_EQ(pool_->stats().in_flight, 0);
  }
};

using Row = std::tuple<bool /* tls */, End, size_t /* body */, size_t /* read before death */>;
std::string NameOf(const testing::TestParamInfo<Row>& info) {
  const auto& [tls, end, body, after] = info.param;
  return absl::StrCat(tls ? "Tls" : "Plain", end == End::kFin ? "Fin" : "Reset", "Body", body, "After",
                      after == kWhole  ? "Whole"
                      : after == kHalf ? "Half"
                                       : absl::StrCat(after));
}

class StaleConnection : public StaleTest, public testing::WithParamInterface<Row> {};
INSTANTIATE_TEST_SUITE_P(All, StaleConnection,
                         testing::Combine(testing::Bool(), testing::Values(End::kFin, End::kReset),
                                          testing::Values(10, 100 << 10, 4 << 20),
                                          testing::Values(kIdle, 1, kHalf, kWhole)),
                         &NameOf);

TEST_P(StaleConnection, IsReplacedUnnoticed) {
  const auto [tls, end, body_size, after] = GetParam();
  DyingUpstream upstream({.tls = tls, .end = end, .after = after == kHalf ? body_size / 2 : after});
  const std::string body(body_size, 'b');
  ASSERT_TRUE(UseOnce(upstream));
  if (after == kIdle) upstream.Die();
  ExpectServed(upstream, body);
}

// The request's sends, of which the connection dies right before one.
using SendRow = std::tuple<bool /* tls */, size_t /* body */, int /* send */>;
class StaleInMidSend : public StaleTest, public testing::WithParamInterface<SendRow> {};
INSTANTIATE_TEST_SUITE_P(All, StaleInMidSend,
                         testing::Values(SendRow{false, 10, 1}, SendRow{true, 10, 1}, SendRow{false, 100 << 10, 1},
                                         SendRow{false, 100 << 10, 2}, SendRow{false, 100 << 10, 4},
                                         SendRow{true, 100 << 10, 2}, SendRow{false, 4 << 20, 2},
                                         SendRow{false, 4 << 20, 5}, SendRow{true, 4 << 20, 5}));

TEST_P(StaleInMidSend, IsReplacedUnnoticed) {
  const auto [tls, body_size, at] = GetParam();
  DyingUpstream upstream({.tls = tls});
  ASSERT_TRUE(UseOnce(upstream));
  int sends = 0;
  before_send = [&, at = at](int, size_t) {
    if (++sends == at) upstream.Die();
  };
  ExpectServed(upstream, std::string(body_size, 'b'));
}

class StalePoolTest : public StaleTest {
 protected:
  static constexpr int kIdleConnections = 20;

  // Fills the pool with connections, of which those that `dies` names are reset by the next request on them.
  void Fill(std::function<bool(int connection)> dies) {
    upstream_ = std::make_unique<ScriptedUpstream>([this, dies](const ReceivedRequest& request, Conversation& to) {
      if (request.target == "/fill") {
        to.WaitFor(all_here_);
      } else if (request.connection <= kIdleConnections && dies(request.connection)) {
        return to.Reset();
      }
      to.SendReply(200, "ok");
    });
    const auto receivers = StartMany("/fill");
    ASSERT_TRUE(TurnUntil([&] { return upstream_->counts().requests == kIdleConnections; }));
    all_here_.Set();
    ExpectAllComplete(receivers);
    ASSERT_EQ(pool_->stats().open, kIdleConnections);
  }
  std::vector<std::unique_ptr<RecordingReceiver>> StartMany(const std::string& path) {
    std::vector<std::unique_ptr<RecordingReceiver>> receivers;
    for (int i = 0; i < kIdleConnections; ++i) {
      receivers.push_back(std::make_unique<RecordingReceiver>());
      transfers_.push_back(Start(To(*upstream_), upstream_->Url(path), receivers.back().get()));
    }
    return receivers;
  }
  void ExpectAllComplete(const std::vector<std::unique_ptr<RecordingReceiver>>& receivers) {
    for (const auto& receiver : receivers) {
      ASSERT_TRUE(TurnUntilEnd(*receiver));
      EXPECT_EQ(receiver->result->outcome, Outcome::kComplete) << receiver->result->detail;
      EXPECT_EQ(receiver->sent, 1);
      EXPECT_EQ(receiver->body, "ok");
    }
  }

  Event all_here_;
  std::unique_ptr<ScriptedUpstream> upstream_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
};

TEST_F(StalePoolTest, HalfOfThePoolDeadCostsNoRequestOfMany) {
  Fill([](int connection) { return connection % 2 == 0; });
  ExpectAllComplete(StartMany("/"));
}

TEST_F(StalePoolTest, HalfOfThePoolDeadCostsNoRequestOfARow) {
  Fill([](int connection) { return connection % 2 == 0; });
  for (int i = 0; i < kIdleConnections; ++i) {
    const Result result = Exchange(To(*upstream_), upstream_->Url());
    ASSERT_EQ(result.outcome, Outcome::kComplete) << result.detail;
  }
}

TEST_F(StalePoolTest, AllOfThePoolDeadCostsNoRequest) {
  Fill([](int) { return true; });
  const Result result = Exchange(To(*upstream_), upstream_->Url());
  EXPECT_EQ(result.outcome, Outcome::kComplete) << result.detail;
  EXPECT_FALSE(result.reused);
  EXPECT_GT(upstream_->counts().accepted, kIdleConnections);
}

TEST_F(StaleTest, TheFreshConnectionThatDiesTooIsBrokenAndNotReplaced) {
  for (const size_t body : {10, 4 << 20}) {
    DyingUpstream upstream({.for_good = true});
    ASSERT_TRUE(UseOnce(upstream));
    int sends = 0;
    before_send = [&](int, size_t) {
      if (++sends == (body > 10 ? 5 : 1)) upstream.Die();
    };
    RecordingReceiver receiver;
    auto transfer = client_.Start(ToDying(upstream), Post(upstream.Url(), std::string(body, 'b')), &receiver);
    ASSERT_TRUE(TurnUntilEnd(receiver));
    EXPECT_EQ(receiver.result->outcome, Outcome::kBroken);
    EXPECT_FALSE(receiver.result->reused);
    EXPECT_EQ(upstream.accepted(), 2);
    EXPECT_EQ(pool_->stats().open, 0);
    before_send = nullptr;
  }
}

TEST_F(StaleTest, AConnectionThatEndsAfterAnInterimReplyIsBrokenAndNotReplaced) {
  ScriptedUpstream upstream([](const ReceivedRequest& request, Conversation& to) {
    if (request.target == "/first") return void(to.SendReply(200, "ok"));
    to.SendRaw("HTTP/1.1 103 Early Hints\r\n\r\n");
    to.Close();
  });
  ASSERT_EQ(Exchange(To(upstream), upstream.Url("/first")).outcome, Outcome::kComplete);
  const Result result = Exchange(To(upstream), upstream.Url("/second"));
  EXPECT_EQ(result.outcome, Outcome::kBroken);
  EXPECT_TRUE(result.reused);
  EXPECT_EQ(upstream.counts().requests, 2);
}

TEST_F(StaleTest, ACancelOnTheFreshConnectionClosesIt) {
  DyingUpstream upstream({});
  ASSERT_TRUE(UseOnce(upstream));
  int sends = 0;
  before_send = [&](int, size_t) {
    if (++sends == 5) upstream.Die();
  };
  RecordingReceiver receiver;
  auto transfer = client_.Start(ToDying(upstream), Post(upstream.Url(), std::string(4 << 20, 'b')), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return upstream.accepted() == 2; }));
  transfer = nullptr;
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_EQ(pool_->stats().in_flight, 0);
  EXPECT_FALSE(receiver.result.has_value());
}

struct WithClock {
  FakeClock clock;
};
class StaleTimerTest : private WithClock, public UpstreamTest {
 protected:
  StaleTimerTest() : UpstreamTest(WithClock::clock) {}
  ~StaleTimerTest() override { before_send = nullptr; }
  FakeClock& clock = WithClock::clock;
};

TEST_F(StaleTimerTest, TheStagesOfTheFreshConnectionHaveTimersOfTheirOwn) {
  ScriptedUpstream upstream({.read_bodies = false}, [](const ReceivedRequest& request, Conversation& to) {
    if (request.target == "/first") return void(to.SendReply(200, "ok"));
    if (request.connection == 1) return to.Reset();
    to.WaitClosedByPeer();
  });
  auto destination = To(upstream);
  destination->timeouts.send = absl::Seconds(10);
  RecordingReceiver first, second;
  auto warm = client_.Start(destination, Request{"GET", upstream.Url("/first"), {}, ""}, &first);
  ASSERT_TRUE(TurnUntilEnd(first));
  bool late = false;
  before_send = [&](int, size_t) {
    if (!std::exchange(late, true)) clock.Advance(absl::Seconds(9));  // of the ten that the first connection has
  };
  auto transfer = client_.Start(destination, Post(upstream.Url("/second"), std::string(64 << 20, 'b')), &second);
  uint64_t sent = 0;
  ASSERT_TRUE(TurnUntil([&] {
    return upstream.counts().requests == 3 && std::exchange(sent, transfer->bytes_out()) == transfer->bytes_out();
  }));
  clock.Advance(absl::Milliseconds(9'999));
  loop_.Turn(false);
  EXPECT_FALSE(second.result.has_value());
  clock.Advance(absl::Milliseconds(1));
  loop_.Turn(false);
  ASSERT_TRUE(second.result.has_value());
  EXPECT_EQ(second.result->outcome, Outcome::kTimeout);
  EXPECT_EQ(second.result->stage, Stage::kSend);
}

}  // namespace
}  // namespace sluice::upstream
