#include <gtest/gtest.h>

#include "server/dialect/openai/tool_calls.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

// The lines between identity and done of a stream whose deltas have these `tool_calls` lists.
Lines ToolLines(const std::vector<std::string>& lists, const std::string& last = "[DONE]") {
  std::vector<std::string> events;
  for (const std::string& list : lists) events.push_back(Chunk("{\"tool_calls\":" + list + "}"));
  events.push_back(last);
  Lines lines = DecodeOpenAi(Stream(events)).lines;
  if (lines.size() < 2) return lines;
  return Lines(lines.begin() + 1, lines.end() - 1);
}

const char kId1[] = "call_00000000000000000000000000000001";
const char kId2[] = "call_00000000000000000000000000000002";

std::string Line(const std::string& start, const std::string& id, const std::string& rest) {
  return start + " " + id + " " + rest;
}

TEST(ToolCallsTest, IndexesOutOfBoundsAreMalformed) {
  for (const char* index : {"-1", "128", "1.5", "\"0\"", "4294967296", "99999999999999999999", "true", "[]"}) {
    const std::string list =
        std::string(R"([{"index":)") + index + R"(,"id":"a","function":{"name":"f","arguments":""}}])";
    EXPECT_EQ(
        DecodeOpenAi(Stream({Chunk(R"({"content":"x"})"), Chunk("{\"tool_calls\":" + list + "}"), "[DONE]"})).lines,
        (Lines{"identity c1 m", "text[0] x", "done malformed"}))
        << index;
  }
}

TEST(ToolCallsTest, TheLargestIndexLeavesNoHoles) {
  EXPECT_EQ(ToolLines({R"([{"index":127,"id":"a","function":{"name":"f","arguments":""}}])",
                       R"([{"index":3,"id":"b","function":{"name":"g","arguments":""}}])"}),
            (Lines{"tool[0] #0 function a f ", "tool[0] #1 function b g "}));
}

TEST(ToolCallsTest, ANewIdUnderAUsedIndexOpensACall) {
  EXPECT_EQ(ToolLines({R"([{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}])",
                       R"([{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}])",
                       R"([{"index":0,"function":{"arguments":"3"}}])",
                       R"([{"index":0,"id":"a","function":{"arguments":"4"}}])"}),
            (Lines{"tool[0] #0 function a f 1", "tool[0] #1 function b g 2", "tool[0] #1 function - - 3",
                   "tool[0] #0 function - - 4"}));
}

TEST(ToolCallsTest, WithoutIndexByIdElseTheLatest) {
  EXPECT_EQ(
      ToolLines(
          {R"([{"id":"a","function":{"name":"f","arguments":"1"}},{"id":"b","function":{"name":"g","arguments":"2"}}])",
           R"([{"id":"a","function":{"arguments":"3"}}])", R"([{"function":{"arguments":"4"}}])",
           R"([{"index":null,"function":{"arguments":"5"}}])"}),
      (Lines{"tool[0] #0 function a f 1", "tool[0] #1 function b g 2", "tool[0] #0 function - - 3",
             "tool[0] #1 function - - 4", "tool[0] #1 function - - 5"}));
}

TEST(ToolCallsTest, IdAndNameAreTheFirstNonEmptyValuesAndNeverJoined) {
  EXPECT_EQ(ToolLines({R"([{"index":0,"id":"","function":{"name":"","arguments":""}}])",
                       R"([{"index":0,"id":"a","function":{"name":null}}])",
                       R"([{"index":0,"function":{"name":"get","arguments":"1"}}])",
                       R"([{"index":0,"id":"a","function":{"name":"more","arguments":"2"}}])"}),
            (Lines{"tool[0] #0 function a get 1", "tool[0] #0 function - - 2"}));
}

TEST(ToolCallsTest, AnIdThatComesLateIsWaitedFor) {
  EXPECT_EQ(ToolLines({R"([{"index":0,"function":{"name":"f","arguments":"1"}}])",
                       R"([{"index":0,"id":"a","function":{"arguments":"2"}}])",
                       R"([{"index":0,"function":{"arguments":"3"}}])"}),
            (Lines{"tool[0] #0 function a f 12", "tool[0] #0 function - - 3"}));
}

TEST(ToolCallsTest, AMissingIdIsMadeUpWhenItCannotComeAnyMore) {
  const std::string list = R"([{"index":0,"function":{"name":"f","arguments":"1"}}])";
  const std::string call = Line("tool[0] #0 function", kId1, "f 1");
  EXPECT_EQ(ToolLines({list}), (Lines{call})) << "the answer ended";
  EXPECT_EQ(ToolLines({list}, FinishChunk("tool_calls")), (Lines{call, "finished[0] tool_calls tool_calls"}));
  EXPECT_EQ(ToolLines({list, R"([{"index":1,"function":{"name":"g","arguments":""}}])"}),
            (Lines{call, Line("tool[0] #1 function", kId2, "g ")}))
      << "another call began";
  EXPECT_EQ(ToolLines({list}, R"({"error":"broken"})"), (Lines{call})) << "the answer failed";
}

TEST(ToolCallsTest, AfterAMadeUpIdTheCallGoesOn) {
  EXPECT_EQ(
      ToolLines(
          {R"([{"index":0,"function":{"name":"f","arguments":"1"}},{"index":1,"id":"b","function":{"name":"g","arguments":"2"}}])",
           R"([{"index":0,"id":"late","function":{"arguments":"3"}}])"}),
      (Lines{Line("tool[0] #0 function", kId1, "f 1"), "tool[0] #1 function b g 2", "tool[0] #0 function - - 3"}));
}

TEST(ToolCallsTest, TooMuchWaitingIsNotKept) {
  const std::string piece(70 << 10, 'x');
  // One cut in the middle is enough for a stream this long.
  const std::string stream =
      Stream({Chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":")" + piece + "\"}}]}")});
  const auto decoder = FindCodec("openai")->NewDecoder(Target(), DecodeLimits());
  Recorder sink;
  decoder->OnEvent({"message", absl::string_view(stream).substr(6), ""}, sink);
  EXPECT_EQ(sink.lines().size(), 2u);
}

TEST(ToolCallsTest, NamedEntriesOfOneListWithoutIdsAreCallsOfTheirOwn) {
  EXPECT_EQ(ToolLines({R"([{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":"{}"}}])"}),
            (Lines{Line("tool[0] #0 function", kId1, "f {}"), Line("tool[0] #1 function", kId2, "f {}")}));
}

TEST(ToolCallsTest, AnotherNameWithoutIndexAndIdIsAnotherCall) {
  EXPECT_EQ(
      ToolLines({R"([{"function":{"name":"f","arguments":"{}"}}])", R"([{"function":{"name":"g","arguments":"{}"}}])"}),
      (Lines{Line("tool[0] #0 function", kId1, "f {}"), Line("tool[0] #1 function", kId2, "g {}")}));
}

TEST(ToolCallsTest, TwoFragmentsOfOneCallInOneList) {
  EXPECT_EQ(
      ToolLines(
          {R"([{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":0,"function":{"arguments":"{}"}}])"}),
      (Lines{"tool[0] #0 function a f ", "tool[0] #0 function - - {}"}));
}

TEST(ToolCallsTest, ArgumentsThatAreNoStringAreSerialised) {
  EXPECT_EQ(
      ToolLines(
          {R"([{"index":0,"id":"a","function":{"name":"f","arguments":{ "x" : [ 1 , 2.50 ] , "s" : "\u00e9 \ud83d" } }}])",
           R"([{"index":1,"id":"b","function":{"name":"g","arguments":null}}])",
           R"([{"index":2,"id":"c","function":{"name":"h","arguments":[]}}])"}),
      (Lines{R"(tool[0] #0 function a f {"x":[1,2.50],"s":"\u00e9 \ud83d"})", "tool[0] #1 function b g ",
             "tool[0] #2 function c h []"}));
}

TEST(ToolCallsTest, ArgumentsAreOpaqueText) {
  EXPECT_EQ(ToolLines({R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}])",
                       R"([{"index":0,"function":{"arguments":"{\"x\""}}])"}),
            (Lines{"tool[0] #0 function a f {}", "tool[0] #0 function - - {\"x\""}));
}

TEST(ToolCallsTest, ACharacterCutBetweenFragmentsIsJoinedPerCall) {
  EXPECT_EQ(
      ToolLines(
          {R"([{"index":0,"id":"a","function":{"name":"f","arguments":"\ud83d"}},{"index":1,"id":"b","function":{"name":"g","arguments":"\ud83c"}}])",
           R"([{"index":0,"function":{"arguments":"\ude00"}}])"}),
      (Lines{"tool[0] #0 function a f ", "tool[0] #1 function b g ", "tool[0] #0 function - - \xF0\x9F\x98\x80",
             "tool[0] #1 function - - \xEF\xBF\xBD"}));
}

TEST(ToolCallsTest, CustomToolsCarryInput) {
  EXPECT_EQ(ToolLines({R"([{"index":0,"id":"a","type":"custom","custom":{"name":"sh","input":"l"}}])",
                       R"([{"index":0,"custom":{"input":"s"}}])"}),
            (Lines{"tool[0] #0 custom a sh l", "tool[0] #0 custom - - s"}));
}

TEST(ToolCallsTest, TheOldFunctionCallIsACallWithAMadeUpId) {
  EXPECT_EQ(
      DecodeOpenAi(Stream({Chunk(R"({"function_call":{"name":"f","arguments":""}})"),
                           Chunk(R"({"function_call":{"arguments":"{}"}})"), FinishChunk("function_call"), "[DONE]"}))
          .lines,
      (Lines{"identity c1 m", Line("tool[0] #0 function", kId1, "f "), "tool[0] #0 function - - {}",
             "finished[0] tool_calls function_call", "done"}));
}

TEST(ToolCallsTest, EachChoiceNumbersItsOwn) {
  EXPECT_EQ(
      DecodeOpenAi(
          Stream(
              {R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}},{"index":1,"delta":{"tool_calls":[{"index":0,"id":"b","function":{"name":"g"}}]}}]})",
               "[DONE]"}))
          .lines,
      (Lines{"identity - -", "tool[0] #0 function a f ", "tool[1] #0 function b g ", "done"}));
}

TEST(ToolCallsTest, EntriesThatSayNothingOpenNothing) {
  EXPECT_EQ(ToolLines({"null", "[]", "[null,1,{}]", R"([{"index":0,"type":"function","function":{"arguments":""}}])"}),
            Lines{});
}

TEST(ToolCallsTest, EndlessNewCallsAreMalformed) {
  std::string list = "[";
  for (int i = 0; i < 1100; ++i)
    list += (i ? "," : "") + std::string(R"({"index":0,"id":"i)") + std::to_string(i) + R"(","function":{"name":"f"}})";
  const auto decoder = FindCodec("openai")->NewDecoder(Target(), DecodeLimits());
  Recorder sink;
  decoder->OnEvent({"message", Chunk("{\"tool_calls\":" + list + "]}"), ""}, sink);
  EXPECT_EQ(sink.lines().back(), "done malformed");
}

TEST(ToolCallsTest, AnIdOrNameThatNoMessageCouldHoldIsMalformed) {
  const std::string giant(100'000, 'x');
  for (const std::string& entry : {R"({"index":0,"id":")" + giant + R"(","function":{"name":"f"}})",
                                   R"({"index":0,"id":"a","function":{"name":")" + giant + R"("}})"}) {
    const auto decoder = FindCodec("openai")->NewDecoder(Target(), DecodeLimits());
    Recorder sink;
    decoder->OnEvent({"message", Chunk("{\"tool_calls\":[" + entry + "]}"), ""}, sink);
    EXPECT_EQ(sink.lines().back(), "done malformed");
  }
}

}  // namespace
}  // namespace sluice::dialect
