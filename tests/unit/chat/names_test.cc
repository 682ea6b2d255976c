#include <set>
#include <string>

#include "gtest/gtest.h"
#include "server/chat/error.h"
#include "server/chat/event.h"

namespace sluice::chat {
namespace {

bool IsMetricWord(const std::string& word) {
  return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
}

TEST(ErrorKindName, GivesEachKindAWordOfItsOwn) {
  std::set<std::string> words;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kInternal); ++kind) {
    const std::string word = ErrorKindName(static_cast<ErrorKind>(kind));
    EXPECT_TRUE(IsMetricWord(word)) << word;
    EXPECT_TRUE(words.insert(word).second) << word << " is given twice";
  }
  EXPECT_STREQ(ErrorKindName(ErrorKind::kRateLimit), "rate_limit");
  EXPECT_STREQ(ErrorKindName(ErrorKind::kInternal), "internal");
}

TEST(FinishReasonName, GivesEachReasonAWordOfItsOwn) {
  std::set<std::string> words;
  for (int reason = 0; reason <= static_cast<int>(FinishReason::kOther); ++reason) {
    const std::string word = FinishReasonName(static_cast<FinishReason>(reason));
    EXPECT_TRUE(IsMetricWord(word)) << word;
    EXPECT_TRUE(words.insert(word).second) << word << " is given twice";
  }
  EXPECT_STREQ(FinishReasonName(FinishReason::kToolCalls), "tool_calls");
}

}  // namespace
}  // namespace sluice::chat
