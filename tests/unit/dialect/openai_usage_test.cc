#include <gtest/gtest.h>

#include "server/dialect/openai/usage.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

// The usage line of a stream with these chunks, or "" if there is none.
std::string UsageLine(std::vector<std::string> chunks) {
  chunks.insert(chunks.begin(), R"({"choices":[]})");
  chunks.push_back("[DONE]");
  const Lines lines = DecodeOpenAi(Stream(chunks)).lines;
  return lines.size() == 3 ? lines[1] : "";
}

std::string Usage(const std::string& members) { return R"({"choices":[],"usage":{)" + members + "}}"; }

TEST(UsageTest, EveryMember) {
  EXPECT_EQ(
      UsageLine({Usage(
          R"("prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":3,"audio_tokens":0})")}),
      "usage 10/5/15 cached=4 write=2 reasoning=3");
}

TEST(UsageTest, OfMembersThatComeTwiceTheLastCounts) {
  EXPECT_EQ(
      UsageLine({Usage(
          R"("prompt_tokens":1,"total_tokens":1,"prompt_tokens_details":{"cached_tokens":1},"prompt_tokens":2,"total_tokens":null,"prompt_tokens_details":{"cached_tokens":3})")}),
      "usage 2/-/- cached=3");
}

TEST(UsageTest, SenselessCountsAreAbsent) {
  for (const char* bad : {"-1", "1.5", "\"3\"", "null", "true", "[]", "{}", "9223372036854775808", "1e999", "1e30"}) {
    EXPECT_EQ(UsageLine({Usage(std::string(R"("prompt_tokens":)") + bad + R"(,"completion_tokens":2)")}), "usage -/2/-")
        << bad;
    EXPECT_EQ(UsageLine({Usage(std::string(R"("prompt_tokens":)") + bad)}), "") << bad;
  }
  EXPECT_EQ(UsageLine({Usage(R"("prompt_tokens":9223372036854775807)")}), "usage 9223372036854775807/-/-");
}

TEST(UsageTest, TheLastObjectWithACountWinsWhole) {
  EXPECT_EQ(
      UsageLine({Usage(R"("prompt_tokens":1,"completion_tokens":2,"total_tokens":3)"), Usage(R"("total_tokens":9)"),
                 Usage(""), Usage(R"("prompt_tokens":null)"), R"({"choices":[],"usage":null})"}),
      "usage -/-/9");
}

TEST(UsageTest, TopLevelBeforeTheChoices) {
  EXPECT_EQ(UsageLine({R"({"choices":[{"delta":{},"usage":{"total_tokens":1}}],"usage":{"total_tokens":2}})"}),
            "usage -/-/2");
  EXPECT_EQ(UsageLine({R"({"choices":[{"delta":{},"usage":{"total_tokens":1}}],"usage":{}})"}), "usage -/-/1");
  EXPECT_EQ(UsageLine({R"({"choices":[{"delta":{}},{"index":1,"usage":{"total_tokens":1}}]})"}), "");
}

TEST(UsageTest, GroqsCopyIsAFallbackOnly) {
  const std::string groq = R"({"choices":[],"x_groq":{"usage":{"total_tokens":1}}})";
  EXPECT_EQ(UsageLine({groq}), "usage -/-/1");
  EXPECT_EQ(UsageLine({Usage(R"("total_tokens":2)"), groq}), "usage -/-/2");
  EXPECT_EQ(UsageLine({groq, Usage(R"("total_tokens":2)")}), "usage -/-/2");
}

TEST(UsageTest, PlacesOfCachedTokensInTheirOrder) {
  EXPECT_EQ(UsageLine({Usage(
                R"("cached_tokens":3,"prompt_cache_hit_tokens":2,"prompt_tokens_details":{"cached_tokens":1})")}),
            "usage -/-/- cached=1");
  EXPECT_EQ(UsageLine({Usage(R"("cached_tokens":3,"prompt_cache_hit_tokens":2,"prompt_tokens_details":{})")}),
            "usage -/-/- cached=2");
  EXPECT_EQ(UsageLine({Usage(R"("cached_tokens":3,"prompt_tokens_details":null)")}), "usage -/-/- cached=3");
}

TEST(UsageTest, PlacesOfReasoningTokensInTheirOrder) {
  EXPECT_EQ(UsageLine({Usage(R"("reasoning_tokens":2,"completion_tokens_details":{"reasoning_tokens":1})")}),
            "usage -/-/- reasoning=1");
  EXPECT_EQ(UsageLine({Usage(R"("reasoning_tokens":2,"completion_tokens_details":{"reasoning_tokens":null})")}),
            "usage -/-/- reasoning=2");
}

TEST(UsageTest, ReasoningMayExceedCompletion) {
  EXPECT_EQ(UsageLine({Usage(R"("prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"reasoning_tokens":50)")}),
            "usage 1/2/3 reasoning=50");
}

TEST(UsageTest, ReasoningBesideCompletionIsTakenIn) {
  EXPECT_EQ(UsageLine({Usage(R"("prompt_tokens":1,"completion_tokens":2,"total_tokens":53,"reasoning_tokens":50)")}),
            "usage 1/52/53 reasoning=50");
  EXPECT_EQ(UsageLine({Usage(
                R"("prompt_tokens":0,"completion_tokens":9223372036854775807,"total_tokens":0,"reasoning_tokens":1)")}),
            "usage 0/9223372036854775807/0 reasoning=1");
}

}  // namespace
}  // namespace sluice::dialect
