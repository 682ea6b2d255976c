#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/gemini/function_calls.h"
#include "server/dialect/gemini/stream_decoder.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

std::string Call(absl::string_view members) { return absl::StrCat(R"({"functionCall":{)", members, "}}"); }

// The events of an answer with these chunks of parts, without the identity and the end.
Lines Calls(const std::vector<std::string>& chunks) {
  std::vector<std::string> events;
  for (const std::string& parts : chunks) events.push_back(PartsChunk(parts));
  events.push_back(EndChunk());
  Lines lines = DecodeGemini(GeminiStream(events)).lines;
  EXPECT_EQ(lines.back(), "done");
  EXPECT_EQ(lines.front(), "identity r m");
  return Lines(lines.begin() + 1, lines.end() - 1);
}

TEST(GeminiFunctionCallsTest, ACallComesWhole) {
  EXPECT_EQ(Calls({Call(R"("id":"c1","name":"f","args":{"x": 1.0, "y":"\u00e9"})")}),
            (Lines{R"(tool[0] #0 function c1 f {"x": 1.0, "y":"\u00e9"})", "finished[0] tool_calls STOP"}));
}

TEST(GeminiFunctionCallsTest, AMissingIdIsMadeUpAndMissingArgumentsAreNone) {
  EXPECT_EQ(Calls({Call(R"("name":"f")") + "," + Call(R"("name":"g","args":null)")}),
            (Lines{"tool[0] #0 function " + MadeUpId(1) + " f {}", "tool[0] #1 function " + MadeUpId(2) + " g {}",
                   "finished[0] tool_calls STOP"}));
}

TEST(GeminiFunctionCallsTest, CallsAreNumberedOverTheWholeAnswer) {
  EXPECT_EQ(Calls({Call(R"("id":"a","name":"f","args":{})") + "," + Call(R"("id":"b","name":"f","args":{})"),
                   R"({"text":"x"})", Call(R"("id":"c","name":"g","args":{})")}),
            (Lines{"tool[0] #0 function a f {}", "tool[0] #1 function b f {}", "text[0] x",
                   "tool[0] #2 function c g {}", "finished[0] tool_calls STOP"}));
}

TEST(GeminiFunctionCallsTest, ArgumentsInPiecesComeWhenTheCallIsWhole) {
  EXPECT_EQ(
      Calls({Call(R"("name":"f","willContinue":true)"),
             Call(R"("partialArgs":[{"jsonPath":"$.x","stringValue":"a","willContinue":true}],"willContinue":true)"),
             Call(R"("partialArgs":[{"jsonPath":"$.x","stringValue":"b"},{"jsonPath":"$.y","numberValue":2}],)"
                  R"("willContinue":true)"),
             Call(""), Call(R"("id":"c2","name":"g","args":{})")}),
      (Lines{"tool[0] #0 function " + MadeUpId(1) + " f ", R"(tool[0] #0 function - - {"x":"ab","y":2})",
             "tool[0] #1 function c2 g {}", "finished[0] tool_calls STOP"}));
}

TEST(GeminiFunctionCallsTest, TheLastPieceMayBeMissing) {
  const std::string open = Call(R"("id":"a","name":"f","willContinue":true)");
  const std::string piece = Call(R"("partialArgs":[{"jsonPath":"$.x","boolValue":true}],"willContinue":true)");
  EXPECT_EQ(Calls({open, piece}), (Lines{"tool[0] #0 function a f ", R"(tool[0] #0 function - - {"x":true})",
                                         "finished[0] tool_calls STOP"}));
  EXPECT_EQ(Calls({open, piece, Call(R"("id":"b","name":"g")")}),
            (Lines{"tool[0] #0 function a f ", R"(tool[0] #0 function - - {"x":true})", "tool[0] #1 function b g {}",
                   "finished[0] tool_calls STOP"}));
  EXPECT_EQ(Calls({open}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}", "finished[0] tool_calls STOP"}));
}

TEST(GeminiFunctionCallsTest, ACallThatSaysItsNameAgainGoesOn) {
  EXPECT_EQ(Calls({Call(R"("id":"a","name":"f","willContinue":true)"),
                   Call(R"("id":"a","name":"f","partialArgs":[{"jsonPath":"$.x","numberValue":1}])")}),
            (Lines{"tool[0] #0 function a f ", R"(tool[0] #0 function - - {"x":1})", "finished[0] tool_calls STOP"}));
}

TEST(GeminiFunctionCallsTest, AnEmptyCallAloneIsNone) {
  EXPECT_EQ(Calls({Call("")}), (Lines{"finished[0] stop STOP"}));
  EXPECT_EQ(Calls({R"({"functionCall":null},{"functionCall":7})"}), (Lines{"finished[0] stop STOP"}));
}

TEST(GeminiFunctionCallsTest, PiecesThatMakeNoWholeAreMalformed) {
  const Lines lines =
      DecodeGemini(
          GeminiStream({PartsChunk(Call(R"("id":"a","name":"f","willContinue":true)")),
                        PartsChunk(Call(R"("partialArgs":[{"jsonPath":"$.x[3]","numberValue":1}])")), EndChunk()}))
          .lines;
  EXPECT_EQ(lines, (Lines{"identity r m", "tool[0] #0 function a f ", "done malformed"}));
}

TEST(GeminiFunctionCallsTest, ACallThatIsCutHasNoArguments) {
  EXPECT_EQ(
      DecodeGemini(
          GeminiStream({PartsChunk(Call(R"("id":"a","name":"f","partialArgs":[{"jsonPath":"$.x","numberValue":1}],)"
                                        R"("willContinue":true)"))}))
          .lines,
      (Lines{"identity r m", "tool[0] #0 function a f ", "done truncated"}));
}

TEST(GeminiFunctionCallsTest, NobodyMakesThatManyCalls) {
  std::string parts;
  for (int i = 0; i < 1025; ++i) absl::StrAppend(&parts, i == 0 ? "" : ",", R"({"functionCall":{"name":"f"}})");
  FakeIdSource ids;
  GeminiDecoder decoder(DecodeLimits(), ids);
  Recorder sink;
  const std::string chunk = PartsChunk(parts);
  decoder.OnEvent({"message", chunk, ""}, sink);
  ASSERT_TRUE(sink.done());
  EXPECT_EQ(sink.error().kind, chat::ErrorKind::kMalformed);
  EXPECT_EQ(sink.lines().size(), 1u + 1024u + 1u);
}

}  // namespace
}  // namespace sluice::dialect::gemini
