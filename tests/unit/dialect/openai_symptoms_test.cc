// Symptoms that many servers share, one test for each, in the order of how often they bite.

#include <gtest/gtest.h>

#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

const Lines kAnswer{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"};

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }
std::string Text() { return Chunk(R"({"content":"a"})"); }

TEST(Symptom, HundredsOfKeepAlivesInARow) {
  std::string stream;
  for (int i = 0; i < 400; ++i) stream += ": keep-alive\n\n";
  EXPECT_EQ(DecodeOpenAi(stream + Stream({Text(), FinishChunk("stop"), "[DONE]"})).lines, kAnswer);
}

TEST(Symptom, DataWithNothing) {
  EXPECT_EQ(DecodeOpenAi("data:\n\ndata: \n\ndata\n\n" + Stream({Text()}) + "data:   \n\n" +
                         Stream({FinishChunk("stop"), "[DONE]"}))
                .lines,
            kAnswer);
}

TEST(Symptom, NoDoneMarkButAFinishReason) { EXPECT_EQ(DecodeLines({Text(), FinishChunk("stop")}), kAnswer); }

TEST(Symptom, DoneMarkButNoFinishReason) {
  EXPECT_EQ(DecodeLines({Text(), "[DONE]"}), (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(Symptom, NeitherDoneMarkNorFinishReason) {
  EXPECT_EQ(DecodeLines({Text()}), (Lines{"identity c1 m", "text[0] a", "done truncated"}));
}

TEST(Symptom, UsageInEachChunkIsNeverAddedUp) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})",
           R"({"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})",
           R"({"choices":[],"usage":null})", "[DONE]"}),
      (Lines{"identity - -", "text[0] a", "text[0] b", "usage 3/2/5", "done"}));
}

TEST(Symptom, UsageZeroUntilTheLastChunk) {
  EXPECT_EQ(
      DecodeLines({R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}})",
                   R"({"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}})", "[DONE]"}),
      (Lines{"identity - -", "usage 2/1/3", "done"}));
}

TEST(Symptom, NullsAreEmpty) {
  EXPECT_EQ(DecodeLines({R"({"id":"c1","model":"m","choices":null})", R"({"choices":[{"index":0,"delta":null}]})",
                         R"({"choices":[{"index":0}]})", R"({"choices":[{"index":0,"delta":{"content":null}}]})",
                         Text(), FinishChunk("stop"), "[DONE]"}),
            kAnswer);
}

TEST(Symptom, EmptyOrSpelledNullFinishReason) {
  for (const char* reason : {"", "null"}) {
    EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})", std::string(R"(,"finish_reason":")") + reason + "\"")}),
              (Lines{"identity c1 m", "text[0] a", "done truncated"}));
    EXPECT_EQ(DecodeLines({Text(), FinishChunk("stop"), FinishChunk(reason)}), kAnswer);
  }
}

TEST(Symptom, LaterNullDoesNotEraseTheFinishReason) {
  EXPECT_EQ(DecodeLines({Text(), FinishChunk("stop"), Chunk("{}", R"(,"finish_reason":null)"), Chunk("{}")}), kAnswer);
}

TEST(Symptom, TheLastFinishReasonWins) {
  EXPECT_EQ(DecodeLines({FinishChunk("stop"), FinishChunk("length"), "[DONE]"}),
            (Lines{"identity c1 m", "finished[0] length length", "done"}));
}

TEST(Symptom, ErrorObjectBesideChoices) {
  EXPECT_EQ(DecodeLines({R"({"choices":[{"index":0,"delta":{}}],"error":{"message":"x"}})"}),
            (Lines{"done server_error"}));
}

TEST(Symptom, ErrorMembersThatAreNone) {
  for (const char* none : {"null", "\"\"", "false", "{}", "0", "[]"}) {
    EXPECT_EQ(DecodeLines(
                  {R"({"id":"c1","model":"m","choices":[{"delta":{"content":"a"}}],"error":)" + std::string(none) + "}",
                   FinishChunk("stop"), "[DONE]"}),
              kAnswer)
        << none;
  }
}

TEST(Symptom, ErrorEventWithAFlatBody) {
  EXPECT_EQ(DecodeOpenAi("event: error\ndata: {\"code\":\"server_is_overloaded\",\"message\":\"x\"}\n\n").lines,
            (Lines{"done overloaded"}));
}

TEST(Symptom, HtmlPage) {
  const Decoded decoded = DecodeOpenAi("<html><body>502 Bad Gateway</body></html>", "text/html");
  EXPECT_EQ(decoded.lines, (Lines{"done not_sse"}));
  EXPECT_NE(decoded.error.provider_message.find("502 Bad Gateway"), std::string::npos);
}

TEST(Symptom, BothReasoningFields) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"reasoning_content":"r","reasoning":"r"})"), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] r", "done"}));
  EXPECT_EQ(DecodeLines({Chunk(R"({"reasoning_content":"","reasoning":"r"})"), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] r", "done"}));
}

TEST(Symptom, RawLineSeparatorsInsideJsonAreText) {
  const std::string separators = "x\xE2\x80\xA8y\xE2\x80\xA9z\xC2\x85";
  EXPECT_EQ(DecodeLines({Chunk("{\"content\":\"" + separators + "\"}"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] " + separators, "done"}));
}

// A message where there is no delta.

TEST(Symptom, MessageStandsInForAMissingDelta) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"c1","model":"m","choices":[{"index":0,"message":{"content":"a"},"finish_reason":"stop"}]})"}),
      kAnswer);
}

TEST(Symptom, MessageAfterTextIsIgnored) {
  EXPECT_EQ(
      DecodeLines(
          {Text(), R"({"choices":[{"index":0,"message":{"content":"a","reasoning":"r"},"finish_reason":"stop"}]})"}),
      kAnswer);
}

TEST(Symptom, MessageAfterReasoningGivesTheTextOnly) {
  EXPECT_EQ(
      DecodeLines(
          {Chunk(R"({"reasoning":"r"})"),
           Chunk(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}]})"),
           R"({"choices":[{"index":0,"message":{"content":"a","reasoning":"r","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]})"}),
      (Lines{"identity c1 m", "reasoning[0] r", "tool[0] #0 function t f {}", "text[0] a", "finished[0] stop stop",
             "done"}));
}

}  // namespace
}  // namespace sluice::dialect
