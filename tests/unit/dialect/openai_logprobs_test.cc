#include <gtest/gtest.h>

#include "server/dialect/openai/logprobs.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }

TEST(LogprobsTest, LogprobsComeWithTheirText) {
  const std::string logprobs =
      R"(,"logprobs":{"content":[{"token":"Hi","logprob":-0.5,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.5,"bytes":null},{"token":"Yo","logprob":-9999.0,"bytes":[89]}]}],"refusal":null})";
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"Hi"})", logprobs), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] Hi {Hi -0.5 2B (Hi -0.5) (Yo -9999)}", "done"}));
}

TEST(LogprobsTest, LogprobsWithoutTextAndOfARefusal) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":""})", R"(,"logprobs":{"content":[{"token":"a","logprob":null}]})"),
                         Chunk(R"({"refusal":"no"})", R"(,"logprobs":{"refusal":[{"token":"no","logprob":-1}]})"),
                         Chunk(R"({"refusal":""})", R"(,"logprobs":{"refusal":[{"token":"x","logprob":-1e999}]})"),
                         Chunk(R"({"content":"z"})", R"(,"logprobs":null)"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0]  {a -9999}", "refusal[0] no {no -1}", "refusal[0]  {x -9999}", "text[0] z",
                   "done"}));
}

}  // namespace
}  // namespace sluice::dialect
