#include <gtest/gtest.h>

#include "server/dialect/anthropic/finish.h"

namespace sluice::dialect::anthropic {
namespace {

using chat::FinishReason;

TEST(AnthropicFinish, EachStopReason) {
  EXPECT_EQ(CanonicalFinish("end_turn"), FinishReason::kStop);
  EXPECT_EQ(CanonicalFinish("stop_sequence"), FinishReason::kStop);
  EXPECT_EQ(CanonicalFinish("pause_turn"), FinishReason::kStop);
  EXPECT_EQ(CanonicalFinish("max_tokens"), FinishReason::kLength);
  EXPECT_EQ(CanonicalFinish("model_context_window_exceeded"), FinishReason::kLength);
  EXPECT_EQ(CanonicalFinish("tool_use"), FinishReason::kToolCalls);
  EXPECT_EQ(CanonicalFinish("refusal"), FinishReason::kContentFilter);
  EXPECT_EQ(CanonicalFinish("compaction"), FinishReason::kOther);
  EXPECT_EQ(CanonicalFinish("END_TURN"), FinishReason::kOther);
}

}  // namespace
}  // namespace sluice::dialect::anthropic
