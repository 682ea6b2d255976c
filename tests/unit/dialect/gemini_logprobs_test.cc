#include <gtest/gtest.h>

#include "server/dialect/gemini/logprobs.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

constexpr char kResult[] =
    R"(,"logprobsResult":{"chosenCandidates":[{"token":"a","tokenId":7,"logProbability":-0.5},{"token":"b"}],)"
    R"("topCandidates":[{"candidates":[{"token":"a","logProbability":-0.5},{"token":"c","logProbability":-2}]}]})";

TEST(GeminiLogprobsTest, TheyComeWithTheText) {
  EXPECT_EQ(
      DecodeGemini(GeminiStream({TextChunk("ab", kResult), TextChunk("x"), EndChunk()})).lines,
      (Lines{"identity r m", "text[0] ab {a -0.5 (a -0.5) (c -2) b 0}", "text[0] x", "finished[0] stop STOP", "done"}));
}

TEST(GeminiLogprobsTest, WithoutATextTheyComeAlone) {
  EXPECT_EQ(DecodeGemini(GeminiStream({PartsChunk(R"({"text":"hm","thought":true})", kResult), EndChunk()})).lines,
            (Lines{"identity r m", "reasoning[0] hm", "text[0]  {a -0.5 (a -0.5) (c -2) b 0}", "finished[0] stop STOP",
                   "done"}));
}

TEST(GeminiLogprobsTest, WhatIsNoneReadsAsNone) {
  for (const char* text : {"null", "[]", "{}", R"({"chosenCandidates":7})", R"({"topCandidates":[{}]})"}) {
    json::Tape tape;
    ASSERT_EQ(tape.Parse(text), json::Tape::Result::kOk);
    std::vector<chat::TokenLogprob> out(1);
    ReadLogprobs(tape.root(), out);
    EXPECT_TRUE(out.empty()) << text;
  }
}

TEST(GeminiLogprobsTest, AProbabilityThatIsNoNumberIsVeryUnlikely) {
  json::Tape tape;
  ASSERT_EQ(tape.Parse(R"({"chosenCandidates":[{"token":"a","logProbability":null},{"logProbability":"-Infinity"}]})"),
            json::Tape::Result::kOk);
  std::vector<chat::TokenLogprob> out;
  ReadLogprobs(tape.root(), out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].logprob, -9999.0);
  EXPECT_EQ(out[1].logprob, -9999.0);
}

}  // namespace
}  // namespace sluice::dialect::gemini
