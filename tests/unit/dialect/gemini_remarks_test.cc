#include <gtest/gtest.h>

#include "server/dialect/gemini/codec.h"
#include "server/dialect/gemini/remarks.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

// The events of a stream, without the identity and done.
Lines Events(const std::vector<std::string>& events) {
  Lines lines = DecodeGemini(GeminiStream(events)).lines;
  EXPECT_EQ(lines.back(), "done");
  return Lines(lines.begin() + 1, lines.end() - 1);
}

TEST(GeminiRemarksTest, SourcesAndThePlacesThatRestOnThem) {
  const std::string grounding =
      R"(,"groundingMetadata":{"webSearchQueries":["q"],"searchEntryPoint":{"renderedContent":"<div>"},)"
      R"("groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"retrievedContext":{"uri":"gs://b","title":"B"}}],)"
      R"("groundingSupports":[{"segment":{"endIndex":5,"text":"Hello"},"groundingChunkIndices":[0,1,9]},)"
      R"({"segment":{"startIndex":6,"endIndex":9}}]})";
  EXPECT_EQ(Events({TextChunk("Hello all", grounding), TextChunk("!", grounding), EndChunk()}),
            (Lines{"text[0] Hello all", "annotation[0] grounding_chunk https://a A --- -",
                   "annotation[0] grounding_chunk gs://b B --- -", "annotation[0] grounding_support https://a A 0-5 -",
                   "annotation[0] grounding_support gs://b B 0-5 -", "annotation[0] grounding_support - - 0-5 -",
                   "annotation[0] grounding_support - - 6-9 -", "annotation[0] search_entry_point - - --- -",
                   "text[0] !", "finished[0] stop STOP"}));
}

TEST(GeminiRemarksTest, ASupportOfEndlessSourcesIsNotToldEndlessly) {
  std::string indices = "0";
  for (int i = 0; i < 50'000; ++i) indices += ",0";
  const std::string support = R"({"segment":{"endIndex":3},"groundingChunkIndices":[)" + indices + "]}";
  const std::string chunk = R"({"web":{"uri":"https://a"}})";
  // In one read: a body of this length is not for reading in every way there is.
  const auto decoder = GeminiCodec().NewDecoder(Target(), DecodeLimits());
  Recorder sink;
  decoder->OnEvent({"message",
                    PartsChunk("", R"(,"groundingMetadata":{"groundingChunks":[)" + chunk +
                                       R"(],"groundingSupports":[)" + support + "]}"),
                    ""},
                   sink);
  // The identity, the source, and the support as often as goes into 1 MiB.
  EXPECT_EQ(sink.lines().size(), 2 + (size_t{1} << 20) / (support.size() + std::string("https://a").size()));
  decoder->OnEof(sink);
}

TEST(GeminiRemarksTest, CitationsOfEitherApi) {
  EXPECT_EQ(
      Events({TextChunk("x", R"(,"citationMetadata":{"citationSources":[{"endIndex":7,"uri":"https://a"}]})"),
              TextChunk("y", R"(,"citationMetadata":{"citations":[{"startIndex":3,"endIndex":9,"uri":"https://b",)"
                             R"("title":"B"},{"endIndex":7,"uri":"https://a"}]})"),
              EndChunk()}),
      (Lines{"text[0] x", "annotation[0] citation https://a - 0-7 -", "text[0] y",
             "annotation[0] citation https://b B 3-9 -", "finished[0] stop STOP"}));
}

TEST(GeminiRemarksTest, RatingsOfTheAnswerAreToldWhereTheyChange) {
  const std::string fine = R"(,"safetyRatings":[{"category":"C","probability":"NEGLIGIBLE"}])";
  const std::string bad = R"(,"safetyRatings":[{"category":"C","probability":"HIGH","blocked":true}])";
  EXPECT_EQ(Events({TextChunk("a", fine), TextChunk("b", fine), PartsChunk("", bad + R"(,"finishReason":"SAFETY")")}),
            (Lines{"text[0] a", "moderation answer 0 -", "text[0] b", "moderation answer 0 flagged",
                   "finished[0] content_filter SAFETY"}));
}

TEST(GeminiRemarksTest, FeedbackOnThePromptIsToldOnce) {
  const std::string feedback =
      R"({"promptFeedback":{"safetyRatings":[{"category":"C","probability":"LOW"}]},"modelVersion":"m"})";
  EXPECT_EQ(Events({feedback, feedback, R"({"promptFeedback":{}})", EndChunk()}),
            (Lines{"moderation prompt - -", "finished[0] stop STOP"}));
}

TEST(GeminiRemarksTest, WhatSaysNothingIsNoRemark) {
  EXPECT_EQ(
      Events({TextChunk("a", R"(,"groundingMetadata":{},"citationMetadata":{"citationSources":[]},"safetyRatings":[])"),
              TextChunk("b", R"(,"groundingMetadata":null,"citationMetadata":[1],"safetyRatings":null)"),
              TextChunk("c", R"(,"groundingMetadata":{"groundingChunks":[null,{},7],"groundingSupports":7})"),
              EndChunk()}),
      (Lines{"text[0] a", "text[0] b", "text[0] c", "finished[0] stop STOP"}));
}

}  // namespace
}  // namespace sluice::dialect::gemini
