#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/anthropic/content_blocks.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "server/dialect/anthropic/stream_decoder.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

// What the blocks of an answer with these events give: the lines between identity and usage.
Lines Blocks(const std::vector<std::string>& events) {
  Lines lines = Decode(Events(Join({{MessageStart()}, events, {MessageStop()}}))).lines;
  EXPECT_GE(lines.size(), 2u);
  if (lines.back() != "done") return {lines.back()};
  if (lines.size() < 3) return lines;
  return {lines.begin() + 1, lines.end() - 2};
}

std::string Opaque(absl::string_view block, size_t calls_before) {
  return absl::StrCat("opaque[0] ", WrapBlock(block, calls_before));
}

std::string Call(int index, absl::string_view id) {
  return BlockStart(index, absl::StrCat(R"({"type":"tool_use","id":")", id, R"(","name":"f","input":{}})"));
}
std::string Input(int index, absl::string_view piece) {
  return BlockPiece(index, absl::StrCat(R"({"type":"input_json_delta","partial_json":")", piece, R"("})"));
}
std::string Thought(int index, absl::string_view piece) {
  return BlockPiece(index, absl::StrCat(R"({"type":"thinking_delta","thinking":")", piece, R"("})"));
}
std::string Signature(int index, absl::string_view signature) {
  return BlockPiece(index, absl::StrCat(R"({"type":"signature_delta","signature":")", signature, R"("})"));
}
const char* const kThinking = R"({"type":"thinking","thinking":"","signature":""})";

TEST(ContentBlocksTest, ThinkingComesAgainWithItsSignature) {
  EXPECT_EQ(Blocks({BlockStart(0, kThinking), Thought(0, "let "), Thought(0, "\\\"me\\\""), Signature(0, "old"),
                    Signature(0, "sig=="), BlockStop(0)}),
            (Lines{"reasoning[0] let ", "reasoning[0] \"me\"",
                   Opaque(R"({"type":"thinking","thinking":"let \"me\"","signature":"sig=="})", 0)}));
}

TEST(ContentBlocksTest, ThinkingMayBeLeftOutOfItsBlock) {
  EXPECT_EQ(Blocks({BlockStart(0, kThinking), Signature(0, "sig=="), BlockStop(0)}),
            Lines{Opaque(R"({"type":"thinking","thinking":"","signature":"sig=="})", 0)});
}

TEST(ContentBlocksTest, ThinkingWithoutASignatureNeedNotComeBack) {
  EXPECT_EQ(Blocks({BlockStart(0, kThinking), Thought(0, "hm"), BlockStop(0)}), Lines{"reasoning[0] hm"});
}

TEST(ContentBlocksTest, RedactedThinkingIsOpaqueByteForByte) {
  const std::string block = R"({"type":"redacted_thinking", "data":"\u0041bc=="})";
  EXPECT_EQ(Blocks({BlockStart(0, block), BlockStop(0)}), Lines{Opaque(block, 0)});
  EXPECT_EQ(Blocks({BlockStart(0, R"({"type":"redacted_thinking","data":""})"), BlockStop(0)}), Lines{});
}

TEST(ContentBlocksTest, OpaquePartsSayAfterHowManyCallsTheyStand) {
  EXPECT_EQ(Blocks({Call(0, "a"), BlockStop(0), BlockStart(1, kThinking), Signature(1, "s"), BlockStop(1), Call(2, "b"),
                    BlockStop(2), BlockStart(3, R"({"type":"redacted_thinking","data":"d"})"), BlockStop(3)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}",
                   Opaque(R"({"type":"thinking","thinking":"","signature":"s"})", 1), "tool[0] #1 function b f ",
                   "tool[0] #1 function - - {}", Opaque(R"({"type":"redacted_thinking","data":"d"})", 2)}));
}

TEST(ContentBlocksTest, ParallelCallsAreNumberedWhateverTheirIndex) {
  EXPECT_EQ(Blocks({Call(1, "a"), Call(5, "b"), Input(5, "{}"), Input(1, "{\\\"x\\\":1}"), BlockStop(1), BlockStop(5)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #1 function b f ", "tool[0] #1 function - - {}",
                   "tool[0] #0 function - - {\"x\":1}"}));
}

TEST(ContentBlocksTest, TheInputMayStandInTheStart) {
  const std::string start = BlockStart(0, R"({"type":"tool_use","id":"a","name":"f","input":{"x": "\u00e9"}})");
  EXPECT_EQ(Blocks({start, BlockStop(0)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {\"x\":\"\\u00e9\"}"}));
  EXPECT_EQ(Blocks({start}), (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {\"x\":\"\\u00e9\"}"}));
  // Pieces that follow are the input then.
  EXPECT_EQ(Blocks({start, Input(0, "{}"), BlockStop(0)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}"}));
}

TEST(ContentBlocksTest, AnEmptyInputIsAnEmptyObject) {
  EXPECT_EQ(Blocks({Call(0, "a"), Input(0, ""), BlockStop(0)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}"}));
}

TEST(ContentBlocksTest, AMissingIdIsMadeUp) {
  EXPECT_EQ(Blocks({BlockStart(0, R"({"type":"tool_use","name":"f"})"), Input(0, "{}"), BlockStop(0)}),
            (Lines{"tool[0] #0 function call_00000000000000000000000000000001 f ", "tool[0] #0 function - - {}"}));
}

TEST(ContentBlocksTest, WhatAnthropicsOwnToolsDidIsNoCallButComesBack) {
  const std::string result =
      R"({"type":"web_search_tool_result","tool_use_id":"srv_1","content":[{"encrypted_content":"e"}]})";
  EXPECT_EQ(
      Blocks({BlockStart(0, R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}})"),
              Input(0, "{\\\"query\\\""), Input(0, ":\\\"q\\\"}"), BlockStop(0), BlockStart(1, result), BlockStop(1)}),
      (Lines{Opaque(R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"query":"q"}})", 0),
             Opaque(result, 0)}));
  // One that was cut is nothing to send back.
  EXPECT_EQ(Blocks({BlockStart(0, R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}})"),
                    Input(0, "{\\\"query\\\"")}),
            Lines{});
}

TEST(ContentBlocksTest, CitationsAreAnnotations) {
  EXPECT_EQ(
      Blocks({BlockStart(0, R"({"type":"text","text":"","citations":[]})"),
              BlockPiece(0, R"({"type":"text_delta","text":"x"})"),
              BlockPiece(0, R"({"type":"citations_delta","citation":{"type":"web_search_result_location",)"
                            R"("url":"https://a.test/","title":"A","cited_text":"c"}})"),
              BlockPiece(0, R"({"type":"citations_delta","citation":{"type":"page_location","document_title":"D",)"
                            R"("start_page_number":1}})"),
              BlockPiece(0, R"({"type":"citations_delta","citation":{"type":"search_result_location","source":"s"}})"),
              BlockPiece(0, R"({"type":"citations_delta","citation":null})"),
              BlockPiece(0, R"({"type":"citations_delta"})"), BlockStop(0)}),
      (Lines{"text[0] x", "annotation[0] web_search_result_location https://a.test/ A --- c",
             "annotation[0] page_location - D --- -", "annotation[0] search_result_location s - --- -"}));
}

TEST(ContentBlocksTest, TextMayStandInTheStart) {
  EXPECT_EQ(
      Blocks({BlockStart(0, R"({"type":"text","text":"a"})"), BlockPiece(0, R"({"type":"text_delta","text":"b"})"),
              BlockStop(0), BlockStart(1, R"({"type":"thinking","thinking":"t","signature":"s"})"), BlockStop(1)}),
      (Lines{"text[0] a", "text[0] b", "reasoning[0] t",
             Opaque(R"({"type":"thinking","thinking":"t","signature":"s"})", 0)}));
}

TEST(ContentBlocksTest, StartsAndIndexesMayBeMissing) {
  EXPECT_EQ(Blocks({BlockPiece(0, R"({"type":"text_delta","text":"a"})"), Thought(1, "t"),
                    R"({"type":"content_block_start","content_block":{"type":"tool_use","id":"i","name":"f"}})",
                    R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{}"}})",
                    R"({"type":"content_block_stop","index":null})", BlockStop(7)}),
            (Lines{"text[0] a", "reasoning[0] t", "tool[0] #0 function i f ", "tool[0] #0 function - - {}"}));
}

TEST(ContentBlocksTest, AnIndexInUseBeginsAnotherBlock) {
  EXPECT_EQ(Blocks({Call(0, "a"), Call(0, "b"), Input(0, "{}")}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}", "tool[0] #1 function b f ",
                   "tool[0] #1 function - - {}"}));
}

TEST(ContentBlocksTest, HalvesOfCharactersMeetWithinABlock) {
  EXPECT_EQ(Blocks({BlockStart(0, kThinking), Thought(0, "a\\ud83d"), Thought(0, "\\ude00"), Signature(0, "s"),
                    BlockStop(0), Call(1, "c"), Input(1, "\\ud83d"), Input(1, "\\ude00"), BlockStop(1),
                    BlockPiece(2, R"({"type":"text_delta","text":"\ud83d"})"), BlockStop(2),
                    BlockPiece(3, R"({"type":"text_delta","text":"\ude00"})"), BlockStop(3)}),
            (Lines{"reasoning[0] a", "reasoning[0] \xF0\x9F\x98\x80",
                   Opaque("{\"type\":\"thinking\",\"thinking\":\"a\xF0\x9F\x98\x80\",\"signature\":\"s\"}", 0),
                   "tool[0] #0 function c f ", "tool[0] #0 function - - \xF0\x9F\x98\x80", "text[0] \xEF\xBF\xBD",
                   "text[0] \xEF\xBF\xBD"}));
}

TEST(ContentBlocksTest, WhatMakesNoSenseIsMalformed) {
  for (const char* index : {"-1", "1.5", "\"0\"", "1000001", "1e30", "true", "[]"}) {
    const std::string of_that = absl::StrCat(R"(,"index":)", index, "}");
    for (const char* event :
         {R"({"type":"content_block_start","content_block":{"type":"text"})", R"({"type":"content_block_stop")",
          R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"a"})"}) {
      EXPECT_EQ(Blocks({event + of_that}), Lines{"done malformed"}) << event << of_that;
    }
  }
  EXPECT_EQ(Blocks({Input(0, "{}")}), Lines{"done malformed"});
  EXPECT_EQ(Blocks({BlockStart(0, R"({"type":"text"})"), Input(0, "{}")}), Lines{"done malformed"});
  EXPECT_EQ(Blocks({Call(0, "a"), BlockPiece(0, R"({"type":"text_delta","text":"a"})")}), Lines{"done malformed"});
}

// The last line of an answer with these events, read once.
std::string LastLine(const std::vector<std::string>& events, const DecodeLimits& limits = DecodeLimits()) {
  FakeIdSource ids;
  Recorder sink;
  AnthropicDecoder decoder(limits, ids);
  for (const std::string& event : events) decoder.OnEvent({"message", event, ""}, sink);
  decoder.OnEof(sink);
  return sink.lines().back();
}

TEST(ContentBlocksTest, BlocksCallsAndNamesAreBounded) {
  EXPECT_EQ(LastLine({Call(0, std::string(70'000, 'x'))}), "done malformed");
  EXPECT_EQ(LastLine({Call(0, std::string(60'000, 'x')), MessageStop()}), "done");

  std::vector<std::string> open;
  for (int i = 0; i < 129; ++i) open.push_back(BlockStart(i, R"({"type":"text"})"));
  EXPECT_EQ(LastLine(open), "done malformed");
  open.pop_back();
  open.push_back(MessageStop());
  EXPECT_EQ(LastLine(open), "done");

  std::vector<std::string> calls;
  for (int i = 0; i < 1025; ++i) {
    calls.push_back(Call(i, absl::StrCat(i)));
    calls.push_back(BlockStop(i));
  }
  EXPECT_EQ(LastLine(calls), "done malformed");
}

TEST(ContentBlocksTest, WhatIsKeptIsBounded) {
  DecodeLimits limits;
  limits.max_event_bytes = 1000;
  const std::string piece(400, 'x');
  EXPECT_EQ(LastLine({Thought(0, piece), Thought(0, piece), Thought(0, piece)}, limits), "done too_large");
  EXPECT_EQ(
      LastLine({Thought(0, piece), Thought(0, piece), BlockStop(0), Thought(1, piece), BlockStop(1), MessageStop()},
               limits),
      "done");
  // Text is not kept.
  const std::string text = BlockPiece(0, absl::StrCat(R"({"type":"text_delta","text":")", piece, R"("})"));
  EXPECT_EQ(LastLine({text, text, text, MessageStop()}, limits), "done");
}

}  // namespace
}  // namespace sluice::dialect::anthropic
