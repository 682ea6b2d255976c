#include <gtest/gtest.h>

#include "server/dialect/gemini/usage.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

// The usage line that an answer with this usageMetadata ends with, or "" if it has none.
std::string UsageLine(const std::vector<std::string>& usages) {
  std::vector<std::string> events;
  for (const std::string& usage : usages) events.push_back("{\"candidates\":[],\"usageMetadata\":" + usage + "}");
  events.push_back(EndChunk());
  const Lines lines = DecodeGemini(GeminiStream(events)).lines;
  const std::string& last = lines[lines.size() - 2];
  return last.rfind("usage ", 0) == 0 ? last : "";
}

TEST(GeminiUsageTest, ThinkingIsInsideTheCompletion) {
  EXPECT_EQ(
      UsageLine({R"({"promptTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":5,"totalTokenCount":12})"}),
      "usage 4/8/12 reasoning=5");
}

TEST(GeminiUsageTest, AToolsPromptIsInsideThePrompt) {
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":4,"toolUsePromptTokenCount":10,"cachedContentTokenCount":2,)"
                       R"("candidatesTokenCount":3,"totalTokenCount":17})"}),
            "usage 14/3/17 cached=2");
}

TEST(GeminiUsageTest, TheLastOneWinsWhole) {
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":20,"thoughtsTokenCount":5,"totalTokenCount":25})",
                       R"({"promptTokenCount":18,"candidatesTokenCount":3,"totalTokenCount":21})"}),
            "usage 18/3/21");
}

TEST(GeminiUsageTest, WhatHoldsNoCountChangesNothing) {
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":1,"totalTokenCount":1})", R"({"trafficType":"ON_DEMAND"})", "{}",
                       R"({"promptTokenCount":-1})"}),
            "usage 1/-/1");
  EXPECT_EQ(UsageLine({R"({"trafficType":"ON_DEMAND"})"}), "");
}

TEST(GeminiUsageTest, TheAnswersCountCanBeMissingForGood) {
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":4,"totalTokenCount":4})"}), "usage 4/-/4");
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":4,"thoughtsTokenCount":60,"totalTokenCount":64})"}),
            "usage 4/60/64 reasoning=60");
}

TEST(GeminiUsageTest, CountsThatAreNoneAreAbsent) {
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":1.5,"candidatesTokenCount":"3","totalTokenCount":7})"}), "usage -/-/7");
  EXPECT_EQ(UsageLine({R"({"candidatesTokenCount":9223372036854775807,"thoughtsTokenCount":1,"totalTokenCount":2})"}),
            "usage -/-/2 reasoning=1");
  EXPECT_EQ(UsageLine({R"({"promptTokenCount":9223372036854775808,"totalTokenCount":7.0})"}), "usage -/-/7");
}

TEST(GeminiUsageTest, AnythingButAnObjectHasNone) {
  json::Tape tape;
  ASSERT_EQ(tape.Parse("[1]"), json::Tape::Result::kOk);
  EXPECT_FALSE(ReadUsage(tape.root()).has_value());
  EXPECT_FALSE(ReadUsage(json::Value()).has_value());
}

}  // namespace
}  // namespace sluice::dialect::gemini
