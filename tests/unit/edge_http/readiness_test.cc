#include "server/edge/http/readiness.h"

#include "gtest/gtest.h"

namespace sluice::edge_http {
namespace {

TEST(Readiness, StartsUnready) {
  const Readiness readiness;
  EXPECT_FALSE(readiness.Get().ready);
  EXPECT_EQ(readiness.Get().reason, "starting");
}

TEST(Readiness, ServesOnceReady) {
  Readiness readiness;
  readiness.SetReady();
  EXPECT_TRUE(readiness.Get().ready);
  EXPECT_EQ(readiness.Get().reason, "serving");
}

TEST(Readiness, DrainingIsForGood) {
  Readiness readiness;
  readiness.SetReady();
  readiness.SetDraining();
  EXPECT_FALSE(readiness.Get().ready);
  EXPECT_EQ(readiness.Get().reason, "draining");
  readiness.SetReady();
  EXPECT_FALSE(readiness.Get().ready);
}

TEST(Readiness, DrainingBeforeReadyStaysDraining) {
  Readiness readiness;
  readiness.SetDraining();
  readiness.SetReady();
  EXPECT_EQ(readiness.Get().reason, "draining");
}

TEST(Readiness, AnUpstreamThatIsDownDoesNotMakeItUnready) {
  Readiness readiness;
  readiness.SetReady();
  readiness.SetUpstream("a", {.reachable = false});
  EXPECT_TRUE(readiness.Get().ready);
}

TEST(Readiness, KeepsTheLastLookOfEachUpstream) {
  Readiness readiness;
  readiness.SetUpstream("a", {.reachable = false, .status = 500});
  readiness.SetUpstream("b", {.reachable = true, .status = 200});
  readiness.SetUpstream("a", {.reachable = true, .status = 204});
  const auto upstreams = readiness.Get().upstreams;
  ASSERT_EQ(upstreams.size(), 2u);
  EXPECT_EQ(upstreams.at("a").status, 204);
}

TEST(Readiness, ForgetsAnUpstreamThatWasRemoved) {
  Readiness readiness;
  readiness.SetUpstream("a", {.reachable = true});
  readiness.RemoveUpstream("a");
  readiness.RemoveUpstream("never there");
  EXPECT_TRUE(readiness.Get().upstreams.empty());
}

}  // namespace
}  // namespace sluice::edge_http
