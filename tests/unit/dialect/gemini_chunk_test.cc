#include <gtest/gtest.h>

#include "server/dialect/gemini/chunk.h"

namespace sluice::dialect::gemini {
namespace {

TEST(GeminiChunkTest, EachMemberIsFound) {
  json::Tape tape;
  ASSERT_EQ(tape.Parse(R"({"candidates":[{"content":{"a":1},"index":2,"finishReason":"STOP","safetyRatings":[1],
      "citationMetadata":{"b":1},"groundingMetadata":{"c":1},"logprobsResult":{"d":1},"avgLogprobs":-1}],
      "usageMetadata":{"e":1},"modelVersion":"m","responseId":"r","promptFeedback":{"f":1},"error":{"g":1},"x":0})"),
            json::Tape::Result::kOk);
  const Chunk chunk = ReadChunk(tape.root());
  EXPECT_EQ(chunk.candidates.size(), 1u);
  EXPECT_EQ(chunk.usage_metadata.Raw(), R"({"e":1})");
  EXPECT_EQ(chunk.model_version.AsString(), "m");
  EXPECT_EQ(chunk.response_id.AsString(), "r");
  EXPECT_EQ(chunk.prompt_feedback.Raw(), R"({"f":1})");
  EXPECT_EQ(chunk.error.Raw(), R"({"g":1})");
  const Candidate candidate = ReadCandidate(*chunk.candidates.elements().begin());
  EXPECT_EQ(candidate.content.Raw(), R"({"a":1})");
  EXPECT_EQ(candidate.index.AsInt64(), 2);
  EXPECT_EQ(candidate.finish_reason.AsString(), "STOP");
  EXPECT_EQ(candidate.safety_ratings.Raw(), "[1]");
  EXPECT_EQ(candidate.citation_metadata.Raw(), R"({"b":1})");
  EXPECT_EQ(candidate.grounding_metadata.Raw(), R"({"c":1})");
  EXPECT_EQ(candidate.logprobs_result.Raw(), R"({"d":1})");
}

TEST(GeminiChunkTest, APartTellsWhetherItHoldsMoreThanIsKnown) {
  json::Tape tape;
  ASSERT_EQ(
      tape.Parse(R"({"text":"a","thought":true,"thoughtSignature":"s","functionCall":{"a":1},"inlineData":{"b":1}})"),
      json::Tape::Result::kOk);
  ContentPart part = ReadPart(tape.root());
  EXPECT_EQ(part.text.AsString(), "a");
  EXPECT_EQ(part.thought.kind(), json::Kind::kTrue);
  EXPECT_EQ(part.thought_signature.AsString(), "s");
  EXPECT_EQ(part.function_call.Raw(), R"({"a":1})");
  EXPECT_EQ(part.inline_data.Raw(), R"({"b":1})");
  EXPECT_FALSE(part.has_other);
  ASSERT_EQ(tape.Parse(R"({"executableCode":{}})"), json::Tape::Result::kOk);
  EXPECT_TRUE(ReadPart(tape.root()).has_other);
}

TEST(GeminiChunkTest, AnythingButAnObjectHoldsNothing) {
  EXPECT_TRUE(ReadChunk(json::Value()).candidates.is_absent_or_null());
  EXPECT_TRUE(ReadCandidate(json::Value()).content.is_absent_or_null());
  EXPECT_FALSE(ReadPart(json::Value()).has_other);
}

}  // namespace
}  // namespace sluice::dialect::gemini
