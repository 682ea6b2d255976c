#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/usage.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

// The usage line of an answer whose message_start has the first of these, and whose message_deltas the others; "" if
// there is none.
std::string UsageLine(const std::vector<std::string>& usages) {
  std::vector<std::string> events;
  for (const std::string& usage : usages) {
    events.push_back(events.empty()
                         ? absl::StrCat(R"({"type":"message_start","message":{"id":"i","usage":)", usage, "}}")
                         : absl::StrCat(R"({"type":"message_delta","delta":{},"usage":)", usage, "}"));
  }
  events.push_back(MessageStop());
  const Lines lines = Decode(Events(events)).lines;
  return lines.size() == 3 ? lines[1] : "";
}

TEST(AnthropicUsage, TheAnswersCountReplacesTheFirstOne) {
  EXPECT_EQ(UsageLine({R"({"input_tokens":12,"output_tokens":1})", R"({"output_tokens":7})"}), "usage 12/7/19");
}

TEST(AnthropicUsage, CachedTokensAreInsideThePrompt) {
  EXPECT_EQ(UsageLine({R"({"input_tokens":3,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,)"
                       R"("output_tokens":1})",
                       R"({"output_tokens":50,"output_tokens_details":{"thinking_tokens":20}})"}),
            "usage 2103/50/2153 cached=2000 write=100 reasoning=20");
}

TEST(AnthropicUsage, LaterCountsOfThePromptReplaceTheFormerUpAndDown) {
  EXPECT_EQ(UsageLine({R"({"input_tokens":43,"cache_read_input_tokens":55096,"output_tokens":1})",
                       R"({"input_tokens":61,"cache_read_input_tokens":0,"output_tokens":5})"}),
            "usage 61/5/66 cached=0");
}

TEST(AnthropicUsage, NothingIsEverAddedUp) {
  EXPECT_EQ(UsageLine({R"({"input_tokens":10,"output_tokens":2})", R"({"input_tokens":10,"output_tokens":4})",
                       R"({"output_tokens":9})"}),
            "usage 10/9/19");
}

TEST(AnthropicUsage, WhatIsNullOrAbsentReplacesNothing) {
  EXPECT_EQ(UsageLine({R"({"input_tokens":10,"cache_read_input_tokens":4,"output_tokens":2})",
                       R"({"input_tokens":null,"cache_read_input_tokens":null,"output_tokens":5})", "null", "{}"}),
            "usage 14/5/19 cached=4");
}

TEST(AnthropicUsage, SenselessCountsAreAbsent) {
  for (const char* bad : {"-1", "1.5", "\"3\"", "null", "true", "[]", "{}", "9223372036854775808", "1e999", "1e30"}) {
    EXPECT_EQ(UsageLine({absl::StrCat(R"({"input_tokens":)", bad, R"(,"output_tokens":2})")}), "usage -/2/-") << bad;
    EXPECT_EQ(UsageLine({absl::StrCat(R"({"input_tokens":)", bad, "}")}), "") << bad;
  }
}

TEST(AnthropicUsage, SumsWithoutRoomAreAbsent) {
  EXPECT_EQ(UsageLine({R"({"input_tokens":9223372036854775807,"cache_read_input_tokens":1,"output_tokens":2})"}),
            "usage -/2/- cached=1");
  EXPECT_EQ(UsageLine({R"({"input_tokens":9223372036854775807,"output_tokens":2})"}), "usage 9223372036854775807/2/-");
}

}  // namespace
}  // namespace sluice::dialect::anthropic
