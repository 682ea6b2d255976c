// The sixteen decisions on how a provider's stream is read, in every dialect: 10 tool calls, 11 choices.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/each_dialect.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect {
namespace {

using anthropic::BlockPiece;
using anthropic::BlockStart;
using anthropic::BlockStop;
using anthropic::MessageStop;
using gemini::EndChunk;
using gemini::MadeUpId;
using gemini::PartsChunk;

// 10. Tool calls: pieces go to their call by index, else by id, else to the latest. Ids and names come once, arguments
// are joined, and nothing but the end says that a call is complete.

// What stands between the identity and the finish reason, or the end.
Lines Middle(Lines lines) {
  while (!lines.empty() && (lines.back().rfind("done", 0) == 0 || lines.back().rfind("finished", 0) == 0)) {
    lines.pop_back();
  }
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

// The calls of an answer whose deltas have these lists of calls.
Lines OpenAiCalls(const std::vector<std::string>& lists) {
  std::vector<std::string> events;
  for (const std::string& list : lists) events.push_back(Chunk(absl::StrCat(R"({"tool_calls":[)", list, "]}")));
  events.push_back("[DONE]");
  return Middle(OpenAi(events));
}

Lines AnthropicCalls(std::vector<std::string> events) {
  events.push_back(MessageStop());
  return Middle(Anthropic(events));
}

std::string ToolUse(int index, absl::string_view members) {
  return BlockStart(index, absl::StrCat(R"({"type":"tool_use",)", members, "}"));
}

// `json`: as it stands between the quotes.
std::string Input(int index, absl::string_view json) {
  return BlockPiece(index, absl::StrCat(R"({"type":"input_json_delta","partial_json":")", json, R"("})"));
}

// The calls of an answer whose chunks have these function calls each.
Lines GeminiCalls(const std::vector<std::vector<std::string>>& chunks) {
  std::vector<std::string> events;
  for (const std::vector<std::string>& calls : chunks) {
    std::string parts;
    for (const std::string& call : calls) {
      absl::StrAppend(&parts, parts.empty() ? "" : ",", R"({"functionCall":{)", call, "}}");
    }
    events.push_back(PartsChunk(parts));
  }
  events.push_back(EndChunk());
  return Middle(Gemini(events));
}

TEST(Decision10ToolCalls, TheIndexSaysWhichCallAPieceIsOf) {
  EXPECT_EQ(OpenAiCalls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"1"}})",
                         R"({"index":1,"id":"b","function":{"name":"g","arguments":"2"}})",
                         R"({"index":0,"function":{"arguments":"3"}},{"index":1,"function":{"arguments":"4"}})"}),
            (Lines{"tool[0] #0 function a f 1", "tool[0] #1 function b g 2", "tool[0] #0 function - - 3",
                   "tool[0] #1 function - - 4"}));
  EXPECT_EQ(AnthropicCalls({ToolUse(0, R"("id":"a","name":"f")"), ToolUse(1, R"("id":"b","name":"g")"), Input(0, "1"),
                            Input(1, "2"), Input(0, "3"), BlockStop(0), Input(1, "4"), BlockStop(1)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #1 function b g ", "tool[0] #0 function - - 1",
                   "tool[0] #1 function - - 2", "tool[0] #0 function - - 3", "tool[0] #1 function - - 4"}));
  // Gemini's calls have no index: each is a new one, or goes on with the latest where that is in pieces.
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"f","args":{"x":1})", R"("id":"b","name":"f","args":{"x":1})"},
                         {R"("id":"c","name":"f","args":{"x":1})"}}),
            (Lines{R"(tool[0] #0 function a f {"x":1})", R"(tool[0] #1 function b f {"x":1})",
                   R"(tool[0] #2 function c f {"x":1})"}));
}

TEST(Decision10ToolCalls, AnIndexThatIsNoneIsMalformed) {
  for (const char* index : {"-1", "128", "1.5", "\"0\"", "2147483648", "9223372036854775808", "1e300", "true"}) {
    EXPECT_EQ(
        OpenAi({OpenAiText("x"),
                Chunk(absl::StrCat(R"({"tool_calls":[{"index":)", index, R"(,"id":"a","function":{}}]})")), "[DONE]"}),
        (Lines{"identity c1 m", "text[0] x", "done malformed"}))
        << index;
  }
  // Anthropic counts all blocks of the answer, so 128 is none too many; the calls' own numbers come from us.
  for (const char* index : {"-1", "1.5", "\"0\"", "2147483648", "9223372036854775808", "1e300", "true"}) {
    EXPECT_EQ(Anthropic({AnthropicText("x"), absl::StrCat(R"({"type":"content_block_start","index":)", index,
                                                          R"(,"content_block":{"type":"tool_use","id":"a"}})")}),
              (Lines{"identity - -", "text[0] x", "done malformed"}))
        << index;
  }
}

TEST(Decision10ToolCalls, ANewIdUnderAUsedIndexOpensACall) {
  EXPECT_EQ(OpenAiCalls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"1"}})",
                         R"({"index":0,"id":"b","function":{"name":"f","arguments":"2"}})",
                         R"({"index":0,"id":"","function":{"arguments":"3"}})"}),
            (Lines{"tool[0] #0 function a f 1", "tool[0] #1 function b f 2", "tool[0] #1 function - - 3"}));
  EXPECT_EQ(AnthropicCalls({ToolUse(0, R"("id":"a","name":"f")"), Input(0, "1"), ToolUse(0, R"("id":"b","name":"f")"),
                            Input(0, "2")}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - 1", "tool[0] #1 function b f ",
                   "tool[0] #1 function - - 2"}));
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"f","willContinue":true)"}, {R"("id":"b","name":"f","args":{"x":1})"}}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}", R"(tool[0] #1 function b f {"x":1})"}));
}

TEST(Decision10ToolCalls, WithoutAnIndexTheIdDecidesElseTheLatestIsMeant) {
  EXPECT_EQ(OpenAiCalls({R"({"id":"a","function":{"name":"f","arguments":"1"}})",
                         R"({"id":"b","function":{"name":"g","arguments":"2"}})",
                         R"({"id":"a","function":{"arguments":"3"}})", R"({"function":{"arguments":"4"}})"}),
            (Lines{"tool[0] #0 function a f 1", "tool[0] #1 function b g 2", "tool[0] #0 function - - 3",
                   "tool[0] #1 function - - 4"}));
  EXPECT_EQ(AnthropicCalls({ToolUse(0, R"("id":"a","name":"f")"), ToolUse(1, R"("id":"b","name":"g")"),
                            R"({"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"1"}})",
                            BlockStop(1), BlockStop(0)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #1 function b g ", "tool[0] #1 function - - 1",
                   "tool[0] #0 function - - {}"}));
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"f","willContinue":true)"},
                         {R"("partialArgs":[{"jsonPath":"$.x","numberValue":1}],"willContinue":true)"},
                         {""}}),
            (Lines{"tool[0] #0 function a f ", R"(tool[0] #0 function - - {"x":1})"}));
}

TEST(Decision10ToolCalls, IdAndNameAreTheFirstThatSaySomethingAndAreNeverJoined) {
  EXPECT_EQ(OpenAiCalls({R"({"index":0,"id":"","function":{"name":"","arguments":""}})",
                         R"({"index":0,"id":"a","function":{"name":null}})",
                         R"({"index":0,"id":"a","function":{"name":"get","arguments":"1"}})",
                         R"({"index":0,"id":"a","function":{"name":"get","arguments":"2"}})"}),
            (Lines{"tool[0] #0 function a get 1", "tool[0] #0 function - - 2"}));
  EXPECT_EQ(OpenAiCalls({R"({"index":0,"function":{"name":"get"}})",
                         R"({"index":0,"id":"a","function":{"name":"put","arguments":"1"}})"}),
            (Lines{"tool[0] #0 function a get 1"}));
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"get","willContinue":true)"},
                         {R"("id":"a","name":"get","partialArgs":[{"jsonPath":"$.x","numberValue":1}])"}}),
            (Lines{"tool[0] #0 function a get ", R"(tool[0] #0 function - - {"x":1})"}));
  // Anthropic says them once, at the block's start.
}

TEST(Decision10ToolCalls, ArgumentsAreJoinedAndObjectsAreWrittenAsText) {
  EXPECT_EQ(
      OpenAiCalls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}})",
                   R"({"index":0,"function":{"arguments":null}})", R"({"index":0,"function":{"arguments":":1}"}})",
                   R"({"index":1,"id":"b","function":{"name":"g","arguments":{ "x" : [1, 2.50] }}})"}),
      (Lines{R"(tool[0] #0 function a f {"x")", R"(tool[0] #0 function - - :1})",
             R"(tool[0] #1 function b g {"x":[1,2.50]})"}));
  EXPECT_EQ(AnthropicCalls({ToolUse(0, R"("id":"a","name":"f","input":{})"), Input(0, ""), Input(0, R"({\"x\")"),
                            Input(0, ":1}"), BlockStop(0),
                            ToolUse(1, R"("id":"b","name":"g","input":{ "x" : [1, 2.50] })"), BlockStop(1)}),
            (Lines{"tool[0] #0 function a f ", R"(tool[0] #0 function - - {"x")", "tool[0] #0 function - - :1}",
                   "tool[0] #1 function b g ", R"(tool[0] #1 function - - {"x":[1,2.50]})"}));
  // Gemini's are objects always, and stay as they stand; pieces of them are put together.
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"f","args":{ "x" : [1, 2.50] })"},
                         {R"("id":"b","name":"g","willContinue":true)"},
                         {R"("partialArgs":[{"jsonPath":"$.x","stringValue":"y"}],"willContinue":true)"},
                         {R"("partialArgs":[{"jsonPath":"$.x","stringValue":"z"}])"}}),
            (Lines{R"(tool[0] #0 function a f { "x" : [1, 2.50] })", "tool[0] #1 function b g ",
                   R"(tool[0] #1 function - - {"x":"yz"})"}));
}

TEST(Decision10ToolCalls, CallsAreNumberedAsTheyAppearWithoutHoles) {
  EXPECT_EQ(OpenAiCalls({R"({"index":127,"id":"a","function":{"name":"f"}})",
                         R"({"index":3,"id":"b","function":{"name":"g"}})"}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #1 function b g "}));
  EXPECT_EQ(AnthropicCalls({AnthropicText("x"), BlockStop(0), ToolUse(1000, R"("id":"a","name":"f")"), BlockStop(1000),
                            ToolUse(3, R"("id":"b","name":"g")"), BlockStop(3)}),
            (Lines{"text[0] x", "tool[0] #0 function a f ", "tool[0] #0 function - - {}", "tool[0] #1 function b g ",
                   "tool[0] #1 function - - {}"}));
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"f")"}, {R"("id":"b","name":"g")"}}),
            (Lines{"tool[0] #0 function a f {}", "tool[0] #1 function b g {}"}));
}

TEST(Decision10ToolCalls, AMissingIdIsMadeUpForEachCall) {
  const auto line = [](int call, int id, absl::string_view rest) {
    return absl::StrCat("tool[0] #", call, " function ", MadeUpId(id), " ", rest);
  };
  EXPECT_EQ(OpenAiCalls({R"({"index":0,"function":{"name":"f","arguments":"1"}})",
                         R"({"index":1,"id":"","function":{"name":"f","arguments":"2"}})"}),
            (Lines{line(0, 1, "f 1"), line(1, 2, "f 2")}));
  EXPECT_EQ(
      AnthropicCalls({ToolUse(0, R"("name":"f")"), Input(0, "1"), ToolUse(1, R"("id":"","name":"f")"), Input(1, "2")}),
      (Lines{line(0, 1, "f "), "tool[0] #0 function - - 1", line(1, 2, "f "), "tool[0] #1 function - - 2"}));
  EXPECT_EQ(GeminiCalls({{R"("name":"f")", R"("id":"","name":"f")"}}), (Lines{line(0, 1, "f {}"), line(1, 2, "f {}")}));
}

TEST(Decision10ToolCalls, OnlyTheEndCompletesACallAndItsArgumentsAreAnyText) {
  EXPECT_EQ(OpenAiCalls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})",
                         R"({"index":0,"function":{"arguments":"{\"x"}})"}),
            (Lines{"tool[0] #0 function a f {}", R"(tool[0] #0 function - - {"x)"}));
  EXPECT_EQ(AnthropicCalls({ToolUse(0, R"("id":"a","name":"f")"), Input(0, "{}"), Input(0, R"({\"x)"), BlockStop(0)}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}", R"(tool[0] #0 function - - {"x)"}));
  // Gemini's objects are complete as they come; in pieces they are so once the last has come.
  EXPECT_EQ(GeminiCalls({{R"("id":"a","name":"f","partialArgs":[{"jsonPath":"$.x","numberValue":1}],)"
                          R"("willContinue":true)"},
                         {R"("partialArgs":[{"jsonPath":"$.y","numberValue":2}])"}}),
            (Lines{"tool[0] #0 function a f ", R"(tool[0] #0 function - - {"x":1,"y":2})"}));
}

// 11. A choice's index is 0 where it is missing. Pieces go to their choice; one whose index is none is ignored.
// Anthropic has no more than one choice, and no index for it.

std::string Choice(absl::string_view index, absl::string_view text) {
  return absl::StrCat(R"({"choices":[{)", index, R"("delta":{"content":")", text, R"("},"finish_reason":"stop"}]})");
}
std::string Candidate(absl::string_view index, absl::string_view text) {
  return absl::StrCat(R"({"candidates":[{)", index, R"("content":{"parts":[{"text":")", text,
                      R"("}]},"finishReason":"STOP"}]})");
}

TEST(Decision11Choices, AMissingIndexIsZero) {
  for (const char* index : {"", R"("index":null,)", R"("index":0,)"}) {
    EXPECT_EQ(OpenAi({Choice(R"("index":0,)", "a"), Choice(index, "b")}),
              (Lines{"identity - -", "text[0] a", "text[0] b", "finished[0] stop stop", "done"}))
        << index;
    EXPECT_EQ(Gemini({Candidate(R"("index":0,)", "a"), Candidate(index, "b")}),
              (Lines{"identity - -", "text[0] a", "text[0] b", "finished[0] stop STOP", "done"}))
        << index;
  }
}

TEST(Decision11Choices, PiecesGoToTheChoiceOfTheirIndex) {
  const auto lines = [](absl::string_view word) {
    const std::string finish = absl::StrCat(" stop ", word);
    return Lines{"identity - -",
                 "text[127] a",
                 "text[0] b",
                 "text[1] c",
                 "text[127] d",
                 "finished[0]" + finish,
                 "finished[1]" + finish,
                 "finished[127]" + finish,
                 "done"};
  };
  EXPECT_EQ(OpenAi({Choice(R"("index":127,)", "a"), Choice("", "b"), Choice(R"("index":1,)", "c"),
                    Choice(R"("index":127,)", "d")}),
            lines("stop"));
  EXPECT_EQ(Gemini({Candidate(R"("index":127,)", "a"), Candidate("", "b"), Candidate(R"("index":1,)", "c"),
                    Candidate(R"("index":127,)", "d")}),
            lines("STOP"));
}

TEST(Decision11Choices, OneWhoseIndexIsNoneIsIgnored) {
  for (const char* none : {"-1", "128", "1.5", "\"0\"", "2147483648", "9223372036854775808", "1e300", "{}", "true"}) {
    const std::string index = absl::StrCat(R"("index":)", none, ",");
    EXPECT_EQ(OpenAi({Choice(index, "x"), Choice("", "a")}),
              (Lines{"identity - -", "text[0] a", "finished[0] stop stop", "done"}))
        << none;
    EXPECT_EQ(Gemini({Candidate(index, "x"), Candidate("", "a")}),
              (Lines{"identity - -", "text[0] a", "finished[0] stop STOP", "done"}))
        << none;
  }
}

}  // namespace
}  // namespace sluice::dialect
