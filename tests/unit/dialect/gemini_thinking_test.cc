#include <gtest/gtest.h>

#include "server/dialect/gemini/thinking.h"

namespace sluice::dialect::gemini {
namespace {

using Effort = chat::ReasoningEffort;

TEST(GeminiThinkingTest, LevelsForTheEffortStyle) {
  const std::pair<Effort, const char*> levels[] = {
      {Effort::kMinimal, "MINIMAL"}, {Effort::kLow, "LOW"}, {Effort::kMedium, "MEDIUM"}, {Effort::kHigh, "HIGH"}};
  for (const auto& [effort, level] : levels) {
    const auto thinking = ThinkingOf(effort, ReasoningStyle::kEffort);
    ASSERT_TRUE(thinking.has_value());
    EXPECT_STREQ(thinking->level, level);
    EXPECT_TRUE(thinking->any());
  }
}

TEST(GeminiThinkingTest, TokensForTheBudgetStyle) {
  const std::pair<Effort, int> budgets[] = {
      {Effort::kMinimal, 512}, {Effort::kLow, 1024}, {Effort::kMedium, 8192}, {Effort::kHigh, 24576}};
  for (const auto& [effort, budget] : budgets) {
    const auto thinking = ThinkingOf(effort, ReasoningStyle::kBudget);
    ASSERT_TRUE(thinking.has_value());
    EXPECT_EQ(thinking->level, nullptr);
    EXPECT_EQ(thinking->budget, budget);
    EXPECT_TRUE(thinking->any());
  }
}

TEST(GeminiThinkingTest, NoneIsABudgetOfNothingInEitherStyle) {
  for (const auto style : {ReasoningStyle::kEffort, ReasoningStyle::kBudget}) {
    const auto thinking = ThinkingOf(Effort::kNone, style);
    ASSERT_TRUE(thinking.has_value());
    EXPECT_FALSE(thinking->any());
  }
}

TEST(GeminiThinkingTest, ThereIsNothingAboveHigh) {
  for (const auto style : {ReasoningStyle::kEffort, ReasoningStyle::kBudget}) {
    EXPECT_FALSE(ThinkingOf(Effort::kXHigh, style).has_value());
    EXPECT_FALSE(ThinkingOf(Effort::kMax, style).has_value());
  }
}

}  // namespace
}  // namespace sluice::dialect::gemini
