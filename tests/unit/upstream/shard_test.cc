#include "server/upstream/shard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "server/base/fake_clock.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

struct WithClock {
  FakeClock clock;
};
class ShardTest : private WithClock, public UpstreamTest {
 protected:
  ShardTest() : UpstreamTest(WithClock::clock) {}
  FakeClock& clock = WithClock::clock;
};

TEST_F(ShardTest, IdleConnectionsCloseWhenTheyExpireAndNotBefore) {
  pool_->SetLimits({.idle_expiry = absl::Seconds(300)});
  ScriptedUpstream upstream({.tls = true}, [](const ReceivedRequest&, Conversation& to) { to.SendReply(200, ""); });
  ASSERT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
  clock.Advance(absl::Seconds(299));
  loop_.Turn(false);
  EXPECT_EQ(pool_->stats().open, 1);
  clock.Advance(absl::Seconds(1));
  loop_.Turn(false);
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
  // The shard opens again, and the TLS session of before is taken up.
  EXPECT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
  EXPECT_EQ(upstream.counts().handshakes, 2);
  EXPECT_EQ(upstream.counts().resumed, 1);
}

TEST_F(ShardTest, ACallPutsTheExpiryOff) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, ""); });
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
    clock.Advance(absl::Seconds(200));
    loop_.Turn(false);
  }
  EXPECT_EQ(upstream.counts().accepted, 1);
}

TEST_F(ShardTest, ANumberThatCurlFreedInSilenceIsNotHandedOutAgain) {
  Shard shard(loop_, pool_, false);
  curl_sockaddr address{};
  address.family = AF_INET;
  address.socktype = SOCK_STREAM;
  auto* call = reinterpret_cast<CurlCall*>(&address);  // only compared
  const int first = shard.OpenSocket(address, call);
  close(first);
  const int second = shard.OpenSocket(address, call);
  EXPECT_NE(second, first);
  EXPECT_EQ(pool_->stats().open, 1);
  EXPECT_EQ(pool_->stats().opened_total, 2u);
  Shard::CloseSocket(&shard, second);
  EXPECT_EQ(pool_->stats().open, 0);
}

TEST_F(ShardTest, SocketsClosedInSilenceAreFoundWhenTheCallHasItsConnection) {
  Shard shard(loop_, pool_, false);
  curl_sockaddr address{};
  address.family = AF_INET;
  address.socktype = SOCK_STREAM;
  auto* call = reinterpret_cast<CurlCall*>(&address);
  const int loser = shard.OpenSocket(address, call);
  const int winner = shard.OpenSocket(address, call);
  close(loser);
  EXPECT_EQ(pool_->stats().open, 2);
  shard.SettleSockets(call);
  EXPECT_EQ(pool_->stats().open, 1);
  EXPECT_EQ(shard.idle(), 1);
  Shard::CloseSocket(&shard, winner);
  EXPECT_EQ(pool_->stats().open, 0);
}

}  // namespace
}  // namespace sluice::upstream
