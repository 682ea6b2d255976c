#include "server/route/router.h"

#include <gtest/gtest.h>

namespace sluice::route {
namespace {

size_t UpstreamOf(const Router& router, absl::string_view model) {
  const auto match = router.Find(model);
  return match ? match->rule->upstream : 99;
}

TEST(Router, ExactNameWinsOverPrefixAndStarWhateverTheOrder) {
  const Router router({{"*", 0, ""}, {"gpt-*", 1, ""}, {"gpt-4.1", 2, ""}});
  EXPECT_EQ(UpstreamOf(router, "gpt-4.1"), 2u);
  EXPECT_EQ(UpstreamOf(router, "gpt-4.1-mini"), 1u);
  EXPECT_EQ(UpstreamOf(router, "claude"), 0u);
}

TEST(Router, LongerPrefixWins) {
  const Router router({{"gpt-*", 0, ""}, {"gpt-4*", 1, ""}});
  EXPECT_EQ(UpstreamOf(router, "gpt-4o"), 1u);
  EXPECT_EQ(UpstreamOf(router, "gpt-5"), 0u);
}

TEST(Router, NoMatchIsNothingRatherThanAGuess) {
  const Router router({{"gpt-*", 0, ""}});
  EXPECT_FALSE(router.Find("claude").has_value());
  EXPECT_FALSE(router.Find("GPT-4").has_value());
  EXPECT_FALSE(router.Find("").has_value());
}

TEST(Router, MatchCarriesTheNewNameAndWhetherTheNameIsConfigured) {
  const Router router({{"claude-sonnet-4.5", 0, "claude-sonnet-4-5"}, {"c*", 1, ""}});
  const auto exact = router.Find("claude-sonnet-4.5");
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->rule->model, "claude-sonnet-4-5");
  EXPECT_TRUE(exact->exact);
  const auto prefix = router.Find("claude");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->rule->model, "");
  EXPECT_FALSE(prefix->exact);
}

}  // namespace
}  // namespace sluice::route
