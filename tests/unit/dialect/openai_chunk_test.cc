#include <gtest/gtest.h>

#include "server/dialect/openai/chunk.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }

TEST(ChunkTest, WrongTypesAreEmpty) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":1,"model":{},"choices":[null,1,"x",[],{"delta":[]},{"delta":"x"},{"delta":{"content":1,"reasoning":{},"refusal":[],"tool_calls":{},"audio":1,"function_call":""}}],"usage":[],"x_groq":"a"})",
           R"({"choices":{}})", R"({"choices":7})", "[DONE]"}),
      (Lines{"identity - -", "done"}));
}

TEST(ChunkTest, LastOfDuplicateKeysWins) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a","content":"b"})"), "[DONE]"})[1], "text[0] b");
}

}  // namespace
}  // namespace sluice::dialect
