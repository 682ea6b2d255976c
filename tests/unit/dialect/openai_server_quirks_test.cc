// What self-hosted servers and relays that speak OpenAI's protocol do differently, one test for each habit.

#include <gtest/gtest.h>

#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }

TEST(VllmQuirk, ReasoningUnderBothNamesAndExtras) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"reasoning":"new"})", R"(,"stop_reason":null,"token_ids":null)"),
                         Chunk(R"({"reasoning_content":"old"})"), Chunk(R"({"reasoning":"x","reasoning_content":"x"})"),
                         "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] new", "reasoning[0] old", "reasoning[0] x", "done"}));
}

TEST(VllmQuirk, LastContentFinishAndUsageInOneChunk) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"v","model":"m","choices":[{"index":0,"delta":{"content":"end"},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}})",
           "[DONE]"}),
      (Lines{"identity v m", "text[0] end", "finished[0] stop stop", "usage 1/1/2", "done"}));
}

TEST(VllmQuirk, ErrorInTheStreamAndADoneMarkAllTheSame) {
  EXPECT_EQ(
      DecodeLines({Chunk(R"({"content":"a"})"),
                   R"({"error":{"message":"boom","type":"InternalServerError","param":null,"code":500}})", "[DONE]"}),
      (Lines{"identity c1 m", "text[0] a", "done server_error"}));
  EXPECT_EQ(DecodeLines({R"({"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400})",
                         "[DONE]"}),
            (Lines{"done invalid_request"}));
}

TEST(VllmQuirk, AbortAndErrorAsFinishReasons) {
  EXPECT_EQ(DecodeLines({FinishChunk("abort"), "[DONE]"}), (Lines{"identity c1 m", "finished[0] other abort", "done"}));
  EXPECT_EQ(DecodeLines({FinishChunk("error"), "[DONE]"}), (Lines{"done server_error"}));
}

TEST(SgLangQuirk, RoleNullEmptyFinishReasonAndReasoningAtTheTopOfUsage) {
  EXPECT_EQ(
      DecodeLines(
          {Chunk(R"({"role":null,"content":"a"})", R"(,"finish_reason":"","matched_stop":null)"),
           Chunk(R"({"role":null,"content":null})", R"(,"finish_reason":"stop","matched_stop":2)"),
           R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":9,"total_tokens":10,"reasoning_tokens":5}})",
           "[DONE]"}),
      (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "usage 1/9/10 reasoning=5", "done"}));
}

TEST(LlamaCppQuirk, ErrorAsAFieldOfTheStream) {
  const Decoded decoded =
      DecodeOpenAi("error: {\"code\":500,\"message\":\"no slot\",\"type\":\"server_error\"}\n\ndata: [DONE]\n\n");
  EXPECT_EQ(decoded.lines, (Lines{"done server_error"}));
  EXPECT_EQ(decoded.error.provider_message, "no slot");
  EXPECT_EQ(DecodeOpenAi("error: {\"code\":503,\"message\":\"x\"}\n\n").lines, (Lines{"done overloaded"}));
}

TEST(LlamaCppQuirk, ErrorFieldAfterOutputThatNeverFinished) {
  EXPECT_EQ(DecodeOpenAi("data: " + Chunk(R"({"content":"a"})") +
                         "\n\nerror: {\"code\":500,\"message\":\"x\"}\n\ndata: [DONE]\n\n")
                .lines,
            (Lines{"identity c1 m", "text[0] a", "done server_error"}));
}

TEST(LlamaCppQuirk, ErrorFieldIsNothingBesideAFinishedAnswerOrWithoutJson) {
  const std::string good = Stream({Chunk(R"({"content":"a"})"), FinishChunk("stop"), "[DONE]"});
  const Lines lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"};
  EXPECT_EQ(DecodeOpenAi("error: {\"code\":500}\n\n" + good).lines, lines);
  EXPECT_EQ(DecodeOpenAi("error: none\nerrors: {\"a\":1}\n\n" + Stream({Chunk(R"({"content":"a"})"), "[DONE]"})).lines,
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(LlamaCppQuirk, ContextErrorInTheStream) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":4}})"}),
      (Lines{"done context_length"}));
}

TEST(LlamaCppQuirk, DoneMarkWithoutItsBlankLine) {
  EXPECT_EQ(
      DecodeOpenAi(Stream({Chunk(R"({"content":"a"})", R"(,"timings":{"predicted_ms":1.5})"), FinishChunk("stop")}) +
                   "data: [DONE]\n")
          .lines,
      (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"}));
}

TEST(OllamaQuirk, ArgumentsAsAnObjectAndIndexZeroForAll) {
  EXPECT_EQ(
      DecodeLines(
          {Chunk(
               R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":{"x": 1.50, "s": "a b"}}},{"index":0,"function":{"name":"g","arguments":{}}}]})"),
           Chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":{"x":2}}}]})",
                 R"(,"finish_reason":"")"),
           "[DONE]"}),
      (Lines{"identity c1 m", "tool[0] #0 function call_00000000000000000000000000000001 f {\"x\":1.50,\"s\":\"a b\"}",
             "tool[0] #1 function call_00000000000000000000000000000002 g {}",
             "tool[0] #2 function call_00000000000000000000000000000003 f {\"x\":2}", "done"}));
}

TEST(NimQuirk, IdTypeAndNameAgainInEachDelta) {
  const std::string head =
      R"({"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":)";
  EXPECT_EQ(DecodeLines({Chunk(head + R"("{\"a\":"}}]})"), Chunk(head + R"("1}"}}]})"), "[DONE]"}),
            (Lines{"identity c1 m", "tool[0] #0 function t f {\"a\":", "tool[0] #0 function - - 1}", "done"}));
}

TEST(RelayQuirk, PingCommentsAndNoBlankAfterTheColon) {
  EXPECT_EQ(DecodeOpenAi(": PING\n\ndata:" + Chunk(R"({"content":"a"})") + "\n\n: PING\n\ndata:[DONE]\n\n").lines,
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(RelayQuirk, ErrorBodyWithStatus200) {
  const std::string body =
      R"j({"error":{"message":"no money (request id: 2025)","type":"new_api_error","param":"","code":"insufficient_user_quota"}})j";
  for (const char* type : {"application/json", "text/event-stream"}) {
    const Decoded decoded = DecodeOpenAi(body, type);
    EXPECT_EQ(decoded.lines, (Lines{"done quota"}));
    EXPECT_EQ(decoded.error.provider_type, "new_api_error");
    EXPECT_EQ(decoded.error.provider_message, "no money (request id: 2025)");
  }
}

TEST(RelayQuirk, StreamUnderJsonContentType) {
  EXPECT_EQ(DecodeOpenAi(Stream({Chunk(R"({"content":"a"})"), "[DONE]"}), "application/json").lines,
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(RelayQuirk, ToolIndexStartsAtOne) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"tool_calls":[{"index":1,"id":"a","function":{"name":"f","arguments":""}}]})"),
                         Chunk(R"({"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]})"), "[DONE]"}),
            (Lines{"identity c1 m", "tool[0] #0 function a f ", "tool[0] #0 function - - {}", "done"}));
}

}  // namespace
}  // namespace sluice::dialect
