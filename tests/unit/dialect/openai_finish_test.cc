#include <gtest/gtest.h>

#include <utility>

#include "server/dialect/openai/finish.h"

namespace sluice::dialect::openai {
namespace {

TEST(FinishTest, CanonicalReasons) {
  using chat::FinishReason;
  for (const auto& [word, reason] :
       {std::pair("stop", FinishReason::kStop), std::pair("eos", FinishReason::kStop),
        std::pair("end_turn", FinishReason::kStop), std::pair("length", FinishReason::kLength),
        std::pair("model_length", FinishReason::kLength), std::pair("tool_calls", FinishReason::kToolCalls),
        std::pair("function_call", FinishReason::kToolCalls), std::pair("content_filter", FinishReason::kContentFilter),
        std::pair("error", FinishReason::kError), std::pair("insufficient_system_resource", FinishReason::kError),
        std::pair("abort", FinishReason::kOther), std::pair("STOP", FinishReason::kOther)}) {
    EXPECT_EQ(CanonicalFinish(word), reason) << word;
  }
}

TEST(FinishTest, WordsThatSayNothing) {
  json::Tape tape;
  for (const char* json : {"null", "\"\"", "\"null\"", "1", "{}", "[\"stop\"]", "false"}) {
    ASSERT_EQ(tape.Parse(json), json::Tape::Result::kOk);
    EXPECT_EQ(FinishWord(tape.root()), "") << json;
  }
  EXPECT_EQ(FinishWord(json::Value()), "");
}

}  // namespace
}  // namespace sluice::dialect::openai
