#include <gtest/gtest.h>

#include "server/dialect/anthropic/thinking.h"

namespace sluice::dialect::anthropic {
namespace {

using chat::ReasoningEffort;

chat::Request Effort(ReasoningEffort effort) {
  chat::Request request;
  request.reasoning_effort = effort;
  return request;
}

TEST(AnthropicThinking, TheLimitIsTheCallersElseTheTargetsElseOurs) {
  Target target;
  chat::Request request;
  EXPECT_EQ(MaxTokens(request, target), 4096);
  target.default_max_tokens = 100;
  EXPECT_EQ(MaxTokens(request, target), 100);
  request.max_tokens = 50;
  EXPECT_EQ(MaxTokens(request, target), 50);
  request.max_completion_tokens = 25;
  EXPECT_EQ(MaxTokens(request, target), 25);
}

TEST(AnthropicThinking, OurOwnLimitLeavesRoomToThink) {
  EXPECT_EQ(MaxTokens(Effort(ReasoningEffort::kNone), {}), 4096);
  EXPECT_EQ(MaxTokens(Effort(ReasoningEffort::kLow), {}), 4096 + 2048);
  EXPECT_EQ(MaxTokens(Effort(ReasoningEffort::kMax), {}), 64000);
}

TEST(AnthropicThinking, EachEffortHasItsBudget) {
  EXPECT_EQ(ThinkingBudget(Effort(ReasoningEffort::kLow), {}), 2048);
  EXPECT_EQ(ThinkingBudget(Effort(ReasoningEffort::kMedium), {}), 8192);
  EXPECT_EQ(ThinkingBudget(Effort(ReasoningEffort::kHigh), {}), 16384);
  EXPECT_EQ(ThinkingBudget(Effort(ReasoningEffort::kXHigh), {}), 32768);
  chat::Request most = Effort(ReasoningEffort::kMax);
  EXPECT_EQ(ThinkingBudget(most, {}), 63999);
  most.max_completion_tokens = 128000;
  EXPECT_EQ(ThinkingBudget(most, {}), 65536);
  EXPECT_FALSE(ThinkingBudget(Effort(ReasoningEffort::kNone), {}).has_value());
  EXPECT_FALSE(ThinkingBudget({}, {}).has_value());
}

TEST(AnthropicThinking, TheBudgetStaysBelowTheLimit) {
  chat::Request request = Effort(ReasoningEffort::kHigh);
  request.max_tokens = 2000;
  EXPECT_EQ(ThinkingBudget(request, {}), 1999);
  request.max_tokens = 1025;
  EXPECT_EQ(ThinkingBudget(request, {}), 1024);
  request.max_tokens = 1024;
  EXPECT_FALSE(ThinkingBudget(request, {}).has_value());
}

}  // namespace
}  // namespace sluice::dialect::anthropic
