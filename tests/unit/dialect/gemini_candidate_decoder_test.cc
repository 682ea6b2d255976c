#include <gtest/gtest.h>

#include "server/dialect/gemini/candidate_decoder.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

// The events of an answer with these chunks of parts, without the identity and the end.
Lines Parts(const std::vector<std::string>& chunks) {
  std::vector<std::string> events;
  for (const std::string& parts : chunks) events.push_back(PartsChunk(parts));
  events.push_back(EndChunk());
  Lines lines = DecodeGemini(GeminiStream(events)).lines;
  EXPECT_EQ(lines.back(), "done");
  return Lines(lines.begin() + 1, lines.end() - 2);
}

std::string Opaque(absl::string_view part) {
  return std::string("opaque[0] {\"dialect\":\"gemini\",\"part\":").append(part.data(), part.size()) + "}";
}

TEST(GeminiCandidateDecoderTest, TextAndThinking) {
  EXPECT_EQ(Parts({R"({"text":"hm","thought":true},{"text":"Hi"})", R"({"text":" there","thought":false})"}),
            (Lines{"reasoning[0] hm", "text[0] Hi", "text[0]  there"}));
}

TEST(GeminiCandidateDecoderTest, WhatIsEmptyIsNoOutput) {
  EXPECT_EQ(Parts({R"({"text":""},{},{"text":"","thought":true},{"text":null},null,7,{"text":7})"}), Lines{});
}

TEST(GeminiCandidateDecoderTest, ACharacterCutBetweenChunksIsMended) {
  EXPECT_EQ(Parts({R"({"text":"a\ud83d"})", R"({"text":"x\ud83d","thought":true})", R"({"text":"\ude00"})",
                   R"({"text":"","thought":true})", R"({"text":"\ude01","thought":true})"}),
            (Lines{"text[0] a", "reasoning[0] x", "text[0] \xF0\x9F\x98\x80", "reasoning[0] \xF0\x9F\x98\x81"}));
  EXPECT_EQ(Parts({R"({"text":"a\ud83d"})"}), (Lines{"text[0] a", "text[0] \xEF\xBF\xBD"}));
}

TEST(GeminiCandidateDecoderTest, ASignatureOnACallNamesTheCall) {
  EXPECT_EQ(Parts({R"({"functionCall":{"name":"f"},"thoughtSignature":"s1"},{"functionCall":{"name":"g"}})"}),
            (Lines{"tool[0] #0 function " + MadeUpId(1) + " f {}",
                   Opaque(R"({"thoughtSignature":"s1","call":")" + MadeUpId(1) + "\"}"),
                   "tool[0] #1 function " + MadeUpId(2) + " g {}"}));
}

TEST(GeminiCandidateDecoderTest, ASignatureOnATextSaysWhereTheTextIs) {
  EXPECT_EQ(
      Parts({R"({"text":"caf\u00e9"})", R"({"text":" x","thoughtSignature":"s\u003d"})"}),
      (Lines{"text[0] caf\xC3\xA9", "text[0]  x", Opaque(R"({"thoughtSignature":"s=","text":[5,7],"calls":0})")}));
  EXPECT_EQ(
      Parts({R"({"text":"a"},{"functionCall":{"id":"c","name":"f"}})", R"({"text":"","thoughtSignature":"s"})"}),
      (Lines{"text[0] a", "tool[0] #0 function c f {}", Opaque(R"({"thoughtSignature":"s","text":[1,1],"calls":1})")}));
  EXPECT_EQ(Parts({R"({"thoughtSignature":"s"})"}),
            (Lines{Opaque(R"({"thoughtSignature":"s","text":[0,0],"calls":0})")}));
}

TEST(GeminiCandidateDecoderTest, SignedThinkingIsKeptWhole) {
  EXPECT_EQ(Parts({R"({"text":"a"},{"text":"hm","thought":true,"thoughtSignature":"s"})"}),
            (Lines{"text[0] a", "reasoning[0] hm",
                   Opaque(R"({"part":{"text":"hm","thought":true,"thoughtSignature":"s"},"text":[1,1],"calls":0})")}));
}

TEST(GeminiCandidateDecoderTest, SoundIsAudio) {
  EXPECT_EQ(Parts({R"({"inlineData":{"mimeType":"audio/L16;codec=pcm;rate=24000","data":"QUI="}})",
                   R"({"inlineData":{"mimeType":"audio/L16","data":""}})",
                   R"({"inlineData":{"mimeType":"Audio/wav","data":"QQ=="},"thoughtSignature":"s"})"}),
            (Lines{"audio[0] - QUI= - -", "audio[0] - QQ== - -",
                   Opaque(R"({"thoughtSignature":"s","text":[0,0],"calls":0})")}));
}

TEST(GeminiCandidateDecoderTest, WhatHasNoPlaceInTheContractIsOpaque) {
  const std::string picture = R"({"inlineData":{"mimeType":"image/png","data":"QUI="},"thoughtSignature":"s"})";
  const std::string code = R"({"executableCode":{"language":"PYTHON","code":"1+1"}})";
  const std::string result = R"({"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1\n"}})";
  EXPECT_EQ(Parts({R"({"text":"ab"})", code + "," + result, R"({"text":"c"})", picture}),
            (Lines{"text[0] ab", Opaque("{\"part\":" + code + R"(,"text":[2,2],"calls":0})"),
                   Opaque("{\"part\":" + result + R"(,"text":[2,2],"calls":0})"), "text[0] c",
                   Opaque("{\"part\":" + picture + R"(,"text":[3,3],"calls":0})")}));
}

TEST(GeminiCandidateDecoderTest, MembersBesideATextDoNotHideIt) {
  EXPECT_EQ(Parts({R"({"text":"a","partMetadata":{"x":1}})"}), (Lines{"text[0] a"}));
}

}  // namespace
}  // namespace sluice::dialect::gemini
