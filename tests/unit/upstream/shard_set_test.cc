#include "server/upstream/shard_set.h"

#include <gtest/gtest.h>

#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

class ShardSetTest : public UpstreamTest {};

TEST_F(ShardSetTest, ServesOnlyDestinationsThatMayShareConnections) {
  Destination destination;
  destination.pool = pool_;
  destination.tls.ca_pem = "a";
  ShardSet set(loop_, destination, 4);
  Destination same = destination;
  same.name = "renamed";
  same.timeouts.idle = absl::Seconds(1);
  EXPECT_TRUE(set.Serves(same));
  Destination other_pool = destination;
  other_pool.pool = std::make_shared<Pool>(PoolLimits{});
  EXPECT_FALSE(set.Serves(other_pool));
  Destination other_trust = destination;
  other_trust.tls.ca_pem = "b";
  EXPECT_FALSE(set.Serves(other_trust));
  Destination other_file = destination;
  other_file.tls.ca_file = "f";
  EXPECT_FALSE(set.Serves(other_file));
  Destination other_proxy = destination;
  other_proxy.proxy = "http://proxy";
  EXPECT_FALSE(set.Serves(other_proxy));
  Destination other_version = destination;
  other_version.http2 = true;
  EXPECT_FALSE(set.Serves(other_version));
}

TEST_F(ShardSetTest, TrustGrantedByOneUpstreamsSettingsDoesNotServeAnother) {
  ScriptedUpstream upstream({.tls = true}, [](const ReceivedRequest&, Conversation& to) { to.SendReply(200, ""); });
  ASSERT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
  auto distrusting = To(upstream);
  distrusting->tls.ca_pem = fakes::Authority().Pem();
  EXPECT_EQ(Exchange(distrusting, upstream.Url()).outcome, Outcome::kUnreachable);
  EXPECT_EQ(upstream.counts().requests, 1);
}

TEST_F(ShardSetTest, OneShardIsEnoughWhileItHasRoom) {
  Destination destination;
  destination.pool = pool_;
  ShardSet set(loop_, destination, 4);
  EXPECT_TRUE(set.closed());
  Shard& first = set.Pick();
  EXPECT_EQ(&set.Pick(), &first);
}

TEST_F(ShardSetTest, SpareHandlesAreUsedAgain) {
  Destination destination;
  destination.pool = pool_;
  ShardSet set(loop_, destination, 4);
  CURL* easy = set.TakeEasy();
  set.ReturnEasy(easy);
  EXPECT_EQ(set.TakeEasy(), easy);
  set.ReturnEasy(easy);
}

}  // namespace
}  // namespace sluice::upstream
