#include <gtest/gtest.h>

#include "server/base/fake_id.h"
#include "server/dialect/openai/choice_decoder.h"
#include "server/dialect/openai/stream_decoder.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }

TEST(ChoiceDecoderTest, DeltasWithinAChunkComeInOneOrder) {
  const std::string delta =
      R"({"audio":{"id":"au","data":"QUJD","transcript":"hi","expires_at":7},"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}],"refusal":"no","content":"text","reasoning_content":"why"})";
  EXPECT_EQ(DecodeLines({Chunk(delta), FinishChunk("stop"), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] why", "text[0] text", "refusal[0] no", "tool[0] #0 function t f {}",
                   "audio[0] au QUJD hi 7", "finished[0] stop stop", "done"}));
}

TEST(ChoiceDecoderTest, AudioComesInFragments) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"audio":{"id":"au","transcript":"a\ud83d"}})"),
                         Chunk(R"({"audio":{"transcript":"\ude00"}})"), Chunk(R"({"audio":{"data":"QQ=="}})"),
                         Chunk(R"({"audio":{"expires_at":12}})"), Chunk(R"({"audio":{}})"), "[DONE]"}),
            (Lines{"identity c1 m", "audio[0] au - a -", "audio[0] - - \xF0\x9F\x98\x80 -", "audio[0] - QQ== - -",
                   "audio[0] - - - 12", "done"}));
}

TEST(ChoiceDecoderTest, APairCutBetweenDeltasIsJoined) {
  EXPECT_EQ(DecodeLines(
                {Chunk(R"({"content":"a\ud83d"})"), Chunk(R"({"content":"\ude00b"})"), FinishChunk("stop"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a",
                   "text[0] \xF0\x9F\x98\x80"
                   "b",
                   "finished[0] stop stop", "done"}));
}

TEST(ChoiceDecoderTest, EachFieldChoiceAndCallJoinsItsOwn) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"\ud83d","reasoning":"\ud83c"})"),
                         R"({"choices":[{"index":1,"delta":{"content":"\ude00"}}]})",
                         Chunk(R"({"reasoning":"\udf0d"})"), Chunk(R"({"content":"\ude00"})"), "[DONE]"}),
            (Lines{"identity c1 m", "text[1] \xEF\xBF\xBD", "reasoning[0] \xF0\x9F\x8C\x8D", "text[0] \xF0\x9F\x98\x80",
                   "done"}));
}

TEST(ChoiceDecoderTest, HalfACharacterAtTheEndIsReplaced) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a\ud83d"})"), FinishChunk("stop"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "text[0] \xEF\xBF\xBD", "finished[0] stop stop", "done"}));
}

TEST(ChoiceDecoderTest, InvalidBytesAreReplaced) {
  EXPECT_EQ(DecodeLines({Chunk("{\"content\":\"a\xFF\xE2\x82z\"}"), "[DONE]"})[1],
            "text[0] a\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(ChoiceDecoderTest, NulIsLegalText) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a\u0000b"})"), "[DONE]"})[1], std::string("text[0] a\0b", 11));
}

TEST(ChoiceDecoderTest, RolesUsageAndEmptyPiecesAreNoOutput) {
  FakeIdSource ids;
  openai::OpenAiDecoder decoder(DecodeLimits(), ids);
  Recorder sink;
  decoder.OnEvent({"message", Chunk(R"({"role":"assistant","content":"","refusal":null,"tool_calls":[]})"), ""}, sink);
  decoder.OnEvent({"message", R"({"choices":[],"usage":{"prompt_tokens":1}})", ""}, sink);
  decoder.OnEvent({"message", FinishChunk("stop"), ""}, sink);
  EXPECT_TRUE(sink.lines().empty());
}

}  // namespace
}  // namespace sluice::dialect
