#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/gemini/stream_decoder.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

Lines Decode(const std::vector<std::string>& events) { return DecodeGemini(GeminiStream(events)).lines; }
Lines DecodeBody(absl::string_view body) { return DecodeGemini(body, "application/json").lines; }

TEST(GeminiStreamTest, AWholeAnswer) {
  EXPECT_EQ(
      Decode(
          {R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true}]}}],)"
           R"("usageMetadata":{"promptTokenCount":4,"thoughtsTokenCount":5,"totalTokenCount":9},)"
           R"("modelVersion":"gemini-2.5-flash","responseId":"r1"})",
           R"({"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}],)"
           R"("usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":5,"totalTokenCount":12}})"}),
      (Lines{"identity r1 gemini-2.5-flash", "reasoning[0] hm", "text[0] Hi", "finished[0] stop STOP",
             "usage 4/8/12 reasoning=5", "done"}));
}

TEST(GeminiStreamTest, LineEndsOfAnySort) {
  for (const char* end : {"\r\n", "\n", "\r"}) {
    const std::string body = absl::StrCat("data: ", TextChunk("a"), end, end, "data:", EndChunk(), end, end);
    EXPECT_EQ(DecodeGemini(body).lines, (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
  }
}

TEST(GeminiStreamTest, AFinishReasonInEveryChunkEndsNothing) {
  EXPECT_EQ(Decode({TextChunk("a", R"(,"finishReason":"STOP")"), TextChunk("b", R"(,"finishReason":"STOP")"),
                    TextChunk("c", R"(,"finishReason":"MAX_TOKENS")"), TextChunk("", R"(,"finishReason":"")"),
                    TextChunk("d", R"(,"finishReason":null)")}),
            (Lines{"identity r m", "text[0] a", "text[0] b", "text[0] c", "text[0] d", "finished[0] length MAX_TOKENS",
                   "done"}));
}

TEST(GeminiStreamTest, NoFinishReasonIsTruncated) {
  EXPECT_EQ(Decode({TextChunk("a"), R"({"usageMetadata":{"promptTokenCount":3}})"}),
            (Lines{"identity r m", "text[0] a", "usage 3/-/-", "done truncated"}));
  EXPECT_EQ(Decode({}), (Lines{"done truncated"}));
  EXPECT_EQ(Decode({R"({"candidates":[]})"}), (Lines{"done truncated"}));
}

TEST(GeminiStreamTest, AnEventCutBeforeItsEndDoesNotCount) {
  EXPECT_EQ(DecodeGemini(absl::StrCat(GeminiStream({TextChunk("a")}), "data: ", EndChunk())).lines,
            (Lines{"identity r m", "text[0] a", "done truncated"}));
}

TEST(GeminiStreamTest, EndMarksOfRelaysAndEmptyEventsAreSkipped) {
  EXPECT_EQ(Decode({"", TextChunk("a"), "[1,2]", "7", "null", EndChunk(), "[DONE]"}),
            (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
}

TEST(GeminiStreamTest, CandidatesInterleave) {
  EXPECT_EQ(
      Decode(
          {R"({"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]}},{"content":{"parts":[{"text":"a"}]}}]})",
           R"({"candidates":[{"index":1,"content":{"parts":[{"functionCall":{"id":"x","name":"f"}}]},"finishReason":"STOP"}]})",
           R"({"candidates":[{"index":0,"finishReason":"MAX_TOKENS"}]})"}),
      (Lines{"identity - -", "text[1] b", "text[0] a", "tool[1] #0 function x f {}", "finished[0] length MAX_TOKENS",
             "finished[1] tool_calls STOP", "done"}));
}

TEST(GeminiStreamTest, ACandidateThatWasCutIsTruncatedThoughAnotherFinished) {
  EXPECT_EQ(
      Decode({R"({"candidates":[{"index":1,"content":{"parts":[{"text":"b"}]}},{"index":0,"finishReason":"STOP"}]})"}),
      (Lines{"identity - -", "text[1] b", "done truncated"}));
}

TEST(GeminiStreamTest, IndexesThatMakeNoSenseAreIgnored) {
  for (const char* index : {"-1", "128", "1.5", "\"0\"", "99999999999999999999", "true"}) {
    EXPECT_EQ(Decode({absl::StrCat(R"({"candidates":[{"index":)", index, R"(,"content":{"parts":[{"text":"b"}]}}]})"),
                      EndChunk()}),
              (Lines{"identity r m", "finished[0] stop STOP", "done"}))
        << index;
  }
}

TEST(GeminiStreamTest, MembersOfWrongTypesAreAbsent) {
  EXPECT_EQ(Decode({R"({"candidates":[{"content":{"parts":{}}},{"content":[]},{"content":{"parts":[[]]}},7,null]})",
                    R"({"candidates":null,"usageMetadata":[],"promptFeedback":"x","modelVersion":7,"error":null})",
                    EndChunk()}),
            (Lines{"identity r m", "finished[0] stop STOP", "done"}));
}

TEST(GeminiStreamTest, ABlockedPromptIsAnAnswerThatWasFiltered) {
  EXPECT_EQ(Decode({R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":7,)"
                    R"("totalTokenCount":7},"modelVersion":"m","responseId":"r"})"}),
            (Lines{"identity r m", "moderation prompt - flagged", "finished[0] content_filter PROHIBITED_CONTENT",
                   "usage 7/-/7", "done"}));
  EXPECT_EQ(
      Decode({TextChunk("a"), R"({"candidates":[],"promptFeedback":{"blockReason":"OTHER"}})"}),
      (Lines{"identity r m", "text[0] a", "moderation prompt - flagged", "finished[0] content_filter OTHER", "done"}));
}

TEST(GeminiStreamTest, ABrokenCallIsAnEndOfItsOwn) {
  EXPECT_EQ(Decode({TextChunk("a"), EndChunk("MALFORMED_FUNCTION_CALL")}),
            (Lines{"identity r m", "text[0] a", "finished[0] error MALFORMED_FUNCTION_CALL", "done"}));
}

TEST(GeminiStreamTest, AnErrorOutweighsAFinishReason) {
  const Decoded decoded = DecodeGemini(GeminiStream(
      {TextChunk("a", R"(,"finishReason":"STOP")"),
       R"({"candidates":[{"content":{"parts":[{"text":"b"}]}}],"error":{"code":503,"message":"gone","status":"UNAVAILABLE"}})",
       TextChunk("c")}));
  EXPECT_EQ(decoded.lines, (Lines{"identity r m", "text[0] a", "text[0] b", "done overloaded"}));
  EXPECT_EQ(decoded.error.provider_message, "gone");
}

TEST(GeminiStreamTest, ErrorsInEveryShape) {
  const std::string error =
      R"({"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"2s"}]}})";
  for (const std::string& body :
       {GeminiStream({error}), GeminiStream({"[" + error + "]"}), "event: error\r\ndata: " + error + "\r\n\r\n", error,
        "[" + error + "]", "[" + error + "\r\n]\r\n", ": x\r\n" + error + "\r\n"}) {
    const Decoded decoded = DecodeGemini(body);
    EXPECT_EQ(decoded.lines, (Lines{"done rate_limit"})) << body;
    EXPECT_EQ(decoded.error.retry_after, absl::Seconds(2)) << body;
    EXPECT_EQ(decoded.error.provider_message, "slow") << body;
  }
}

TEST(GeminiStreamTest, AnErrorInBareLinesAfterTheStreamBegan) {
  const Decoded decoded = DecodeGemini(absl::StrCat(
      GeminiStream({TextChunk("a")}),
      "{\r\n  \"error\": {\r\n    \"code\": 503,\r\n    \"message\": \"The model is overloaded: {wait}\",\r\n"
      "    \"status\": \"UNAVAILABLE\"\r\n  }\r\n}\r\n"));
  EXPECT_EQ(decoded.lines, (Lines{"identity r m", "text[0] a", "done overloaded"}));
  EXPECT_EQ(decoded.error.provider_message, "The model is overloaded: {wait}");
}

TEST(GeminiStreamTest, BareLinesThatAreAChunkAreRead) {
  EXPECT_EQ(
      DecodeGemini(absl::StrCat(GeminiStream({TextChunk("a")}), TextChunk("b"), "\r\n", EndChunk(), "\r\n")).lines,
      (Lines{"identity r m", "text[0] a", "text[0] b", "finished[0] stop STOP", "done"}));
}

TEST(GeminiStreamTest, BareLinesThatStopInTheMiddleAreTruncated) {
  EXPECT_EQ(DecodeGemini(absl::StrCat(GeminiStream({TextChunk("a")}), "{\r\n  \"error\": {\r\n")).lines,
            (Lines{"identity r m", "text[0] a", "done truncated"}));
}

TEST(GeminiStreamTest, AnErrorEventThatIsNoJson) {
  const Decoded decoded = DecodeGemini("event: error\ndata: gone\n\n");
  EXPECT_EQ(decoded.lines, (Lines{"done server_error"}));
  EXPECT_EQ(decoded.error.provider_message, "gone");
}

TEST(GeminiStreamTest, BadJsonIsMalformed) {
  EXPECT_EQ(Decode({TextChunk("a"), R"({"candidates":[)", TextChunk("b")}),
            (Lines{"identity r m", "text[0] a", "done malformed"}));
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += "{\"a\":";
  FakeIdSource ids;
  GeminiDecoder decoder(DecodeLimits(), ids);
  Recorder sink;
  decoder.OnEvent({"message", deep, ""}, sink);
  EXPECT_EQ(sink.lines(), (Lines{"done malformed"}));
}

TEST(GeminiStreamTest, TheTransportsErrorEndsTheAnswer) {
  FakeIdSource ids;
  GeminiDecoder decoder(DecodeLimits(), ids);
  Recorder sink;
  const std::string chunk = TextChunk("a\\ud83d", R"(,"finishReason":"STOP")");
  decoder.OnEvent({"message", chunk, ""}, sink);
  chat::Error error;
  error.kind = chat::ErrorKind::kTimeout;
  error.message = "idle";
  decoder.Fail(error, sink);
  decoder.OnEvent({"message", chunk, ""}, sink);
  decoder.OnUnknownField("{}", "", sink);
  decoder.OnWholeBody(chunk, sink);
  decoder.OnEof(sink);
  decoder.Fail(error, sink);
  EXPECT_EQ(sink.lines(), (Lines{"identity r m", "text[0] a", "text[0] \xEF\xBF\xBD", "done timeout"}));
}

TEST(GeminiWholeBodyTest, AnArrayOfChunks) {
  EXPECT_EQ(DecodeBody(absl::StrCat("[", TextChunk("a"), "\n,\r\n", TextChunk("b"), ",", EndChunk(), "]\n")),
            (Lines{"identity r m", "text[0] a", "text[0] b", "finished[0] stop STOP", "done"}));
}

TEST(GeminiWholeBodyTest, AnArrayThatEndsInAnError) {
  EXPECT_EQ(
      DecodeBody(absl::StrCat("[", TextChunk("a"), R"(,{"error":{"code":500,"message":"x"}},)", TextChunk("b"), "]")),
      (Lines{"identity r m", "text[0] a", "done server_error"}));
}

TEST(GeminiWholeBodyTest, OneChunk) {
  EXPECT_EQ(DecodeBody(TextChunk("a", R"(,"finishReason":"STOP")")),
            (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
  EXPECT_EQ(DecodeBody(R"({"promptFeedback":{"blockReason":"SAFETY"}})"),
            (Lines{"identity - -", "moderation prompt - flagged", "finished[0] content_filter SAFETY", "done"}));
}

TEST(GeminiWholeBodyTest, WithoutAFinishReasonItIsTruncated) {
  EXPECT_EQ(DecodeBody(TextChunk("a")), (Lines{"identity r m", "text[0] a", "done truncated"}));
}

TEST(GeminiWholeBodyTest, JsonThatIsNoneOfItIsMalformed) {
  for (const char* body : {"{}", "[]", R"({"a":1})", "[1,2]", R"([{"a":1}])", R"({"candidates":null})", "[{"}) {
    EXPECT_EQ(DecodeBody(body), (Lines{"done malformed"})) << body;
  }
}

TEST(GeminiWholeBodyTest, FlatErrorsAndInvalidBytes) {
  EXPECT_EQ(DecodeBody(R"({"detail":"Not Found"})"), (Lines{"done server_error"}));
  EXPECT_EQ(DecodeBody(TextChunk("a\xFF", R"(,"finishReason":"STOP")"))[1], "text[0] a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace sluice::dialect::gemini
