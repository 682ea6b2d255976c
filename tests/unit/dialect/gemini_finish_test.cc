#include <gtest/gtest.h>

#include "server/dialect/gemini/finish.h"

namespace sluice::dialect::gemini {
namespace {

using chat::FinishReason;

TEST(GeminiFinishTest, StopIsToolCallsWhereThereWereCalls) {
  EXPECT_EQ(CanonicalFinish("STOP", /*has_calls=*/false), FinishReason::kStop);
  EXPECT_EQ(CanonicalFinish("STOP", /*has_calls=*/true), FinishReason::kToolCalls);
}

TEST(GeminiFinishTest, OtherWordsMeanTheSameWithCalls) {
  for (const bool has_calls : {false, true}) {
    EXPECT_EQ(CanonicalFinish("MAX_TOKENS", has_calls), FinishReason::kLength);
    for (const char* word : {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
                             "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"}) {
      EXPECT_EQ(CanonicalFinish(word, has_calls), FinishReason::kContentFilter) << word;
    }
    for (const char* word : {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"}) {
      EXPECT_EQ(CanonicalFinish(word, has_calls), FinishReason::kError) << word;
    }
    for (const char* word :
         {"LANGUAGE", "OTHER", "NO_IMAGE", "IMAGE_OTHER", "FINISH_REASON_UNSPECIFIED", "stop", "X"}) {
      EXPECT_EQ(CanonicalFinish(word, has_calls), FinishReason::kOther) << word;
    }
  }
}

}  // namespace
}  // namespace sluice::dialect::gemini
