// The decoder's rules, one by one. What single providers do: openai_quirks_test.cc.

#include <gtest/gtest.h>

#include "server/base/fake_id.h"
#include "server/dialect/openai/stream_decoder.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }

TEST(OpenAiStream, TwoParallelToolCallsAndUsage) {
  const std::string stream = Stream({
      R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"usage":null,"obfuscation":"x7"})",
      R"({"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"now","arguments":""}}]}}]})",
      R"({"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"add","arguments":"{\"x\":"}}]}}]})",
      R"({"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"1}"}}]}}]})",
      R"({"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null})",
      R"({"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}})",
      "[DONE]",
  });
  EXPECT_EQ(DecodeOpenAi(stream).lines,
            (Lines{"identity c1 m", "tool[0] #0 function call_a now ",
                   "tool[0] #1 function call_b add {\"x\":", "tool[0] #1 function - - 1}",
                   "finished[0] tool_calls tool_calls", "usage 9/4/13 cached=0 reasoning=0", "done"}));
}

TEST(OpenAiStream, ChoicesInterleaveAndFinishInOrderOfIndex) {
  EXPECT_EQ(
      DecodeLines({R"({"id":"c","model":"m","choices":[{"index":1,"delta":{"content":"b"}}]})",
                   R"({"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]})",
                   R"({"choices":[{"index":1,"delta":{},"finish_reason":"length"}]})",
                   R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", "[DONE]"}),
      (Lines{"identity c m", "text[1] b", "text[0] a", "finished[0] stop stop", "finished[1] length length", "done"}));
}

// The end.

TEST(OpenAiStream, NothingIsReadAfterTheDoneMark) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})"), "[DONE]", Chunk(R"({"content":"b"})"), "{broken"}),
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(OpenAiStream, DoneMarkMayHaveBlanksAroundIt) {
  EXPECT_EQ(DecodeOpenAi("data:" + Chunk(R"({"content":"a"})") + "\n\ndata:   [DONE] \t\n\n").lines.back(), "done");
}

TEST(OpenAiStream, DoneMarkInsideTextIsText) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"[DONE]"})"), FinishChunk("stop")}),
            (Lines{"identity c1 m", "text[0] [DONE]", "finished[0] stop stop", "done"}));
}

TEST(OpenAiStream, DoneMarkWithoutAChunkIsTruncated) {
  EXPECT_EQ(DecodeLines({"[DONE]"}), (Lines{"done truncated"}));
  EXPECT_EQ(DecodeLines({"{}", "[DONE]"}), (Lines{"done truncated"}));
}

TEST(OpenAiStream, EmptyBodyIsTruncated) {
  EXPECT_EQ(DecodeOpenAi("").lines, (Lines{"done truncated"}));
  EXPECT_EQ(DecodeOpenAi(": hi\n\n").lines, (Lines{"done truncated"}));
}

TEST(OpenAiStream, CutAfterOutputIsTruncatedWithTheUsageSoFar) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})", R"(,"usage":{"prompt_tokens":3})")}),
            (Lines{"identity c1 m", "text[0] a", "usage 3/-/-", "done truncated"}));
}

TEST(OpenAiStream, EofWithOneOfTwoChoicesUnfinishedIsTruncated) {
  EXPECT_EQ(DecodeLines({R"({"choices":[{"index":1,"delta":{"content":"b"}}]})",
                         R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})"})
                .back(),
            "done truncated");
}

TEST(OpenAiStream, UnfinishedLastEventIsDiscarded) {
  EXPECT_EQ(DecodeOpenAi("data: " + Chunk(R"({"content":"a"})") + "\n\ndata: " + FinishChunk("stop") + "\n").lines,
            (Lines{"identity c1 m", "text[0] a", "done truncated"}));
}

TEST(OpenAiStream, ReadsOnAfterTheFinishReason) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})", R"(,"finish_reason":"stop")"), Chunk(R"({"content":"b"})"),
                         R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
                         R"({"choices":[],"usage":null,"moderation":{"flagged":false}})", "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "text[0] b", "moderation unknown - clean", "finished[0] stop stop",
                   "usage 1/2/3", "done"}));
}

TEST(OpenAiStream, AnErrorBeforeTheDoneMarkOutweighsTheFinishReason) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})"), FinishChunk("length"),
                         R"({"error":{"code":502,"message":"gone"}})", "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "done overloaded"}));
}

TEST(OpenAiStream, UsageSoFarComesBeforeTheError) {
  EXPECT_EQ(DecodeLines({R"({"choices":[],"usage":{"prompt_tokens":5}})", R"({"error":"broken"})"}),
            (Lines{"identity - -", "usage 5/-/-", "done server_error"}));
}

TEST(OpenAiStream, FailFromOutsideGivesTheUsageSoFarAndTheErrorOnce) {
  FakeIdSource ids;
  openai::OpenAiDecoder decoder(DecodeLimits(), ids);
  Recorder sink;
  decoder.OnEvent(
      {"message", Chunk(R"({"content":"a\ud83d"})", R"(,"finish_reason":"stop","usage":{"total_tokens":3})"), ""},
      sink);
  chat::Error error;
  error.kind = chat::ErrorKind::kTimeout;
  error.message = "slow";
  EXPECT_FALSE(decoder.done());
  decoder.Fail(error, sink);
  EXPECT_TRUE(decoder.done());
  decoder.Fail(error, sink);
  decoder.OnEof(sink);
  decoder.OnEvent({"message", Chunk(R"({"content":"late"})"), ""}, sink);
  EXPECT_EQ(sink.lines(), (Lines{"identity c1 m", "text[0] a", "text[0] \xEF\xBF\xBD", "usage -/-/3", "done timeout"}));
}

// Errors inside a stream.

TEST(OpenAiStream, EventNamedErrorIsAnErrorWhateverItHolds) {
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: {\"message\":\"slow\",\"type\":\"rate_limit_error\"}\n\n").lines,
            (Lines{"done rate_limit"}));
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: it broke\n\n").error.provider_message, "it broke");
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: \"it broke\"\n\n").error.provider_message, "it broke");
  EXPECT_EQ(DecodeOpenAi("event: error\ndata:\n\n").lines, (Lines{"done server_error"}));
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: {\"error\":null}\n\n").lines, (Lines{"done server_error"}));
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: [1]\n\n").lines, (Lines{"done server_error"}));
}

TEST(OpenAiStream, DeltaAndErrorInOneEventComeInThisOrder) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"g","error":{"code":502,"message":"gone"},"choices":[{"index":0,"delta":{"content":"x"}}]})"}),
      (Lines{"identity g -", "text[0] x", "done overloaded"}));
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: " + Chunk(R"({"content":"x"})") + "\n\n").lines,
            (Lines{"identity c1 m", "text[0] x", "done server_error"}));
}

TEST(OpenAiStream, ErrorBeforeAnyOutputAnnouncesNothing) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"role":"assistant","content":""})"), R"({"error":{"type":"overloaded_error"}})"}),
            (Lines{"done overloaded"}));
}

TEST(OpenAiStream, FinishReasonErrorIsAnErrorAfterWhatFollowsIt) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})"), FinishChunk("error"),
                         R"({"choices":[],"usage":{"total_tokens":4}})", "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "usage -/-/4", "done server_error"}));
  EXPECT_EQ(DecodeLines({FinishChunk("error")}), (Lines{"done server_error"}));
}

TEST(OpenAiStream, AnErrorObjectAfterFinishReasonErrorSaysMore) {
  EXPECT_EQ(DecodeLines({FinishChunk("error"), R"({"error":{"code":429,"message":"slow"}})"}),
            (Lines{"done rate_limit"}));
}

// What is not fit to be read.

TEST(OpenAiStream, BadJsonEndsInMalformedAfterTheDeltasBeforeIt) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})"), R"({"choices":[{"delta":{"content":"b)", "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "done malformed"}));
  EXPECT_EQ(DecodeLines({"hello"}), (Lines{"done malformed"}));
}

TEST(OpenAiStream, JsonThatIsNoObjectIsSkipped) {
  EXPECT_EQ(DecodeLines({"null", "12", "\"text\"", "[{}]", "true", Chunk(R"({"content":"a"})"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(OpenAiStream, TooDeepJsonIsMalformed) {
  EXPECT_EQ(DecodeLines({"{\"a\":" + std::string(600, '[') + std::string(600, ']') + "}"}), (Lines{"done malformed"}));
}

TEST(OpenAiStream, DeepJsonWithinTheBoundIsRead) {
  EXPECT_EQ(
      DecodeLines({Chunk(R"({"content":"a"})", ",\"x\":" + std::string(500, '[') + std::string(500, ']')), "[DONE]"}),
      (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(OpenAiStream, AnEventAboveTheLimitIsTooLarge) {
  FakeIdSource ids;
  openai::OpenAiDecoder decoder({.max_event_bytes = 20, .max_json_depth = 8}, ids);
  Recorder sink;
  decoder.OnEvent({"message", R"({"choices":[],"x":""})", ""}, sink);
  EXPECT_EQ(sink.lines(), (Lines{"done too_large"}));
}

TEST(OpenAiStream, ALineOfEightMebibytesIsRead) {
  const std::string text(size_t{7} << 20, 'x');
  FakeIdSource ids;
  openai::OpenAiDecoder decoder(DecodeLimits(), ids);
  Recorder sink;
  decoder.OnEvent({"message", Chunk("{\"content\":\"" + text + "\"}"), ""}, sink);
  ASSERT_EQ(sink.lines().size(), 2u);
  EXPECT_EQ(sink.lines()[1].size(), text.size() + 8);
}

// Choices.

TEST(OpenAiStream, AbsentOrNullIndexIsZero) {
  EXPECT_EQ(DecodeLines({R"({"choices":[{"delta":{"content":"a"}}]})",
                         R"({"choices":[{"index":null,"delta":{"content":"b"}}]})",
                         R"({"choices":[{"index":0,"delta":{"content":"c"}}]})", "[DONE]"}),
            (Lines{"identity - -", "text[0] a", "text[0] b", "text[0] c", "done"}));
}

TEST(OpenAiStream, AChoiceWithASenselessIndexIsIgnored) {
  for (const char* index : {"-1", "128", "\"0\"", "1.5", "99999999999999999999", "{}", "true"}) {
    EXPECT_EQ(DecodeLines(
                  {std::string(R"({"choices":[{"index":)") + index +
                       R"(,"delta":{"content":"x"},"finish_reason":"length"},{"index":127,"delta":{"content":"a"}}]})",
                   "[DONE]"}),
              (Lines{"identity - -", "text[127] a", "done"}))
        << index;
  }
}

// Names.

TEST(OpenAiStream, TheFirstNonEmptyIdAndModelWin) {
  EXPECT_EQ(DecodeLines({R"({"id":"","model":"","choices":[]})", R"({"id":"a","model":null,"choices":[]})",
                         R"({"id":"b","model":"m1","choices":[]})",
                         R"({"id":"c","model":"m2","choices":[{"delta":{"content":"x"}}]})", "[DONE]"}),
            (Lines{"identity a m1", "text[0] x", "done"}));
}

TEST(OpenAiStream, IdentityWaitsForNothingButOutput) {
  EXPECT_EQ(DecodeLines(
                {R"({"choices":[{"delta":{"content":"x"}}]})", R"({"id":"late","model":"m","choices":[]})", "[DONE]"}),
            (Lines{"identity - -", "text[0] x", "done"}));
}

}  // namespace
}  // namespace sluice::dialect
