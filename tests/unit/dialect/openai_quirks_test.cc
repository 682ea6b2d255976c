// What vendors that speak OpenAI's protocol do differently, one test for each habit. Servers to host oneself, and
// relays: openai_server_quirks_test.cc.

#include <gtest/gtest.h>

#include "server/dialect/openai/opaque_parts.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Lines DecodeLines(const std::vector<std::string>& events) { return DecodeOpenAi(Stream(events)).lines; }

TEST(AzureQuirk, FirstChunkIsEmptyAndFilterNotesComeAfterTheFinish) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]})",
           R"({"choices":[{"content_filter_results":{},"delta":{"content":"","role":"assistant"},"finish_reason":null,"index":0}],"created":1,"id":"az","model":"gpt","object":"chat.completion.chunk"})",
           R"({"choices":[{"content_filter_results":{"hate":{"filtered":false}},"delta":{"content":"Hi"},"finish_reason":null,"index":0}],"id":"az","model":"gpt"})",
           R"({"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],"id":"az","model":"gpt"})",
           R"({"choices":[{"content_filter_offsets":{"check_offset":1},"content_filter_results":{},"finish_reason":null,"index":0}],"id":"","model":"","object":""})",
           "[DONE]"}),
      (Lines{"identity az gpt", "moderation prompt - clean", "text[0] Hi", "moderation answer 0 clean",
             "finished[0] stop stop", "done"}));
}

TEST(AzureQuirk, ToolDeltasWithoutType) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]})"),
                         Chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]})"), "[DONE]"}),
            (Lines{"identity c1 m", "tool[0] #0 function t f ", "tool[0] #0 function - - {}", "done"}));
}

TEST(DeepSeekQuirk, ReasoningAndContentKeysInEachDeltaAndUsageOnTheFinishChunk) {
  EXPECT_EQ(DecodeOpenAi(": keep-alive\n\n: keep-alive\n\n" +
                         Stream({Chunk(R"({"role":"assistant","content":null,"reasoning_content":""})"),
                                 Chunk(R"({"content":null,"reasoning_content":"hm"})"),
                                 Chunk(R"({"content":"42","reasoning_content":null})"),
                                 Chunk(R"({"content":"","reasoning_content":null})",
                                       R"(,"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,)"
                                       R"("total_tokens":15,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2,)"
                                       R"("completion_tokens_details":{"reasoning_tokens":3}},"x":[{"y":1)"),
                                 "[DONE]"}))
                .lines,
            (Lines{"identity c1 m", "reasoning[0] hm", "text[0] 42", "finished[0] stop stop",
                   "usage 10/5/15 cached=8 reasoning=3", "done"}));
}

TEST(DeepSeekQuirk, OutOfResourcesIsAnError) {
  const Decoded decoded =
      DecodeOpenAi(Stream({Chunk(R"({"content":"a"})"), FinishChunk("insufficient_system_resource"), "[DONE]"}));
  EXPECT_EQ(decoded.lines, (Lines{"identity c1 m", "text[0] a", "done overloaded"}));
  EXPECT_EQ(decoded.error.provider_code, "insufficient_system_resource");
}

TEST(DeepSeekQuirk, BlankLinesBeforeABodyThatIsNoStream) {
  EXPECT_EQ(DecodeOpenAi("\n\n\n\r\n \n"
                         R"({"id":"d","model":"m","choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})",
                         "application/json")
                .lines,
            (Lines{"identity d m", "text[0] x", "finished[0] stop stop", "done"}));
}

std::string OpenRouterChunk(const std::string& choices, const std::string& rest = "") {
  return R"({"id":"gen","provider":"P","model":"m","object":"chat.completion.chunk","created":1,"choices":)" + choices +
         rest + "}";
}

TEST(OpenRouterQuirk, ProcessingCommentsBeforeAndBetween) {
  const std::string comment = ": OPENROUTER PROCESSING\n\n";
  EXPECT_EQ(DecodeOpenAi(comment + comment + Stream({Chunk(R"({"content":"a"})")}) + comment +
                         Stream({FinishChunk("stop"), "[DONE]"}))
                .lines,
            (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"}));
}

TEST(OpenRouterQuirk, ReasoningComesOnceAndItsDetailsAreKeptForTheNextTurn) {
  EXPECT_EQ(
      DecodeLines(
          {OpenRouterChunk(
               R"([{"index":0,"delta":{"content":"","reasoning":"why","reasoning_details":[{"type":"reasoning.text","text":"why"}]}}])"),
           OpenRouterChunk(
               R"([{"index":0,"delta":{"content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.encrypted","data":"abc"}]}}])"),
           OpenRouterChunk(
               R"([{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.summary","summary":"sum"},{"type":"reasoning.text","text":"t"}]}}])"),
           "[DONE]"}),
      (Lines{"identity gen m", "reasoning[0] why", "reasoning[0] sum", "reasoning[0] t",
             "opaque[0] " + openai::OpaqueReasoningDetails(
                                R"({"type":"reasoning.text","text":"why"},{"type":"reasoning.encrypted","data":"abc"},)"
                                R"({"type":"reasoning.summary","summary":"sum"},{"type":"reasoning.text","text":"t"})"),
             "done"}));
}

TEST(OpenRouterQuirk, ThreeShapesOfTheUsageChunk) {
  const std::string usage =
      R"(,"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"cost":0.01,"is_byok":false})";
  const std::string text = OpenRouterChunk(R"([{"index":0,"delta":{"content":"a"},"finish_reason":null}])");
  const std::string stop =
      OpenRouterChunk(R"([{"index":0,"delta":{"content":""},"finish_reason":"stop","native_finish_reason":"STOP"}])");
  for (const char* choices : {R"([{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}])",
                              R"([{"index":0,"delta":{"content":""},"finish_reason":"stop"}])", "[]"}) {
    EXPECT_EQ(DecodeLines({text, stop, OpenRouterChunk(choices, usage), "[DONE]"}),
              (Lines{"identity gen m", "text[0] a", "finished[0] stop stop", "usage 1/2/3", "done"}))
        << choices;
  }
}

TEST(OpenRouterQuirk, ErrorBesideChoicesAfterOutput) {
  const Decoded decoded = DecodeOpenAi(
      ": OPENROUTER PROCESSING\n\n"
      "data: {\"id\":\"g1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"par\"}}]}\n\n"
      "data: {\"id\":\"g1\",\"error\":{\"code\":502,\"message\":\"upstream gone\"},"
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n");
  EXPECT_EQ(decoded.lines, (Lines{"identity g1 -", "text[0] par", "done overloaded"}));
  EXPECT_EQ(decoded.error.provider_code, "502");
  EXPECT_EQ(decoded.error.provider_message, "upstream gone");
}

TEST(OpenRouterQuirk, ErrorAfterAFinishReasonAndItsTrueCause) {
  const Decoded decoded = DecodeOpenAi(Stream(
      {Chunk(R"({"content":"a"})"), FinishChunk("length"),
       OpenRouterChunk(
           "[]",
           R"(,"error":{"code":"429","message":"Provider returned error","metadata":{"raw":"slow down","provider_name":"P"}})"),
       "[DONE]"}));
  EXPECT_EQ(decoded.lines, (Lines{"identity c1 m", "text[0] a", "done rate_limit"}));
  EXPECT_EQ(decoded.error.provider_message, "Provider returned error: slow down");
}

TEST(OpenRouterQuirk, NamedDoneEvent) {
  EXPECT_EQ(
      DecodeOpenAi("event: data\ndata: " + Chunk(R"({"content":"a"})") + "\n\nevent: data\ndata: [DONE]\n\n").lines,
      (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(GroqQuirk, UsageTwiceAndReasoningWithAChannel) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"g","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"x_groq":{"id":"req_1"}})",
           R"({"id":"g","model":"m","choices":[{"index":0,"delta":{"reasoning":"hm","channel":"analysis"}}]})",
           R"({"id":"g","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.09,"prompt_tokens":7,"prompt_time":0.01,"completion_tokens":8,"total_tokens":15}}})",
           R"({"id":"g","model":"m","choices":[],"usage":{"queue_time":0.09,"prompt_tokens":7,"completion_tokens":8,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":4}}})",
           "[DONE]"}),
      (Lines{"identity g m", "reasoning[0] hm", "finished[0] stop stop", "usage 7/8/15 reasoning=4", "done"}));
}

TEST(GroqQuirk, UsageOnlyInItsOwnPlace) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":8,"total_tokens":15}}})",
           "[DONE]"}),
      (Lines{"identity - -", "text[0] a", "finished[0] stop stop", "usage 7/8/15", "done"}));
}

TEST(GroqQuirk, ErrorEventAndNoDoneMark) {
  const Decoded decoded =
      DecodeOpenAi("data: " + Chunk(R"({"content":"a"})") +
                   "\n\nevent: error\ndata: {\"error\":{\"message\":\"bad call\",\"type\":\"invalid_request_error\","
                   "\"code\":\"tool_use_failed\",\"failed_generation\":\"<f>\",\"status_code\":400}}\n\n");
  EXPECT_EQ(decoded.lines, (Lines{"identity c1 m", "text[0] a", "done invalid_request"}));
  EXPECT_EQ(decoded.error.provider_code, "tool_use_failed");
}

TEST(MistralQuirk, ContentInParts) {
  EXPECT_EQ(
      DecodeLines(
          {Chunk(
               R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"let"},{"type":"text","text":" me"}]}]})"),
           Chunk(
               R"({"content":[{"type":"text","text":"answer"},{"type":"reference","reference_ids":[1]},{"type":"text","text":"!"}]})"),
           Chunk(R"({"content":[]})"), "[DONE]"}),
      (Lines{"identity c1 m", "reasoning[0] let", "reasoning[0]  me", "text[0] answer", "text[0] !", "done"}));
}

TEST(MistralQuirk, WholeToolCallOnTheFinishChunkWithoutIndexAndType) {
  EXPECT_EQ(
      DecodeLines({Chunk(R"({"tool_calls":[{"id":"D681PevKs","function":{"name":"f","arguments":"{\"a\": 1}"}}]})",
                         R"(,"finish_reason":"tool_calls")"),
                   "[DONE]"}),
      (Lines{"identity c1 m", "tool[0] #0 function D681PevKs f {\"a\": 1}", "finished[0] tool_calls tool_calls",
             "done"}));
}

TEST(MistralQuirk, LaterDeltasMayHaveAnEmptyName) {
  EXPECT_EQ(
      DecodeLines({Chunk(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{"}}]})"),
                   Chunk(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"","arguments":"}"}}]})"), "[DONE]"}),
      (Lines{"identity c1 m", "tool[0] #0 function t f {", "tool[0] #0 function - - }", "done"}));
}

TEST(MistralQuirk, ModelLengthIsLength) {
  EXPECT_EQ(DecodeLines({FinishChunk("model_length"), "[DONE]"}),
            (Lines{"identity c1 m", "finished[0] length model_length", "done"}));
}

TEST(MistralQuirk, FlatError) {
  const Decoded decoded = DecodeOpenAi(
      Stream({R"({"object":"error","message":"Rate limit","type":"rate_limit_error","param":null,"code":"1300"})"}));
  EXPECT_EQ(decoded.lines, (Lines{"done rate_limit"}));
  EXPECT_EQ(decoded.error.provider_message, "Rate limit");
}

TEST(XAiQuirk, NoFinishReasonKeyAndReasoningBesideCompletion) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"a","role":"assistant"}}]})",
           R"({"id":"x","model":"m","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]})",
           R"({"id":"x","model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":112,"completion_tokens_details":{"reasoning_tokens":100}}})",
           "[DONE]"}),
      (Lines{"identity x m", "text[0] a", "finished[0] stop stop", "usage 10/102/112 reasoning=100", "done"}));
}

TEST(XAiQuirk, ErrorIsAStringBesideItsCode) {
  const Decoded decoded =
      DecodeOpenAi(R"({"code":"The caller has no credits","error":"Buy some"})", "application/json");
  EXPECT_EQ(decoded.lines, (Lines{"done server_error"}));
  EXPECT_EQ(decoded.error.provider_code, "The caller has no credits");
  EXPECT_EQ(decoded.error.provider_message, "Buy some");
  EXPECT_EQ(DecodeLines({R"({"code":"rate_limit_exceeded","error":"slow"})"}), (Lines{"done rate_limit"}));
}

TEST(QwenQuirk, EmptyIdInLaterToolDeltas) {
  EXPECT_EQ(
      DecodeLines(
          {Chunk(R"({"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]})"),
           Chunk(R"({"tool_calls":[{"index":0,"id":"","type":"function","function":{"arguments":"{}"}}]})"), "[DONE]"}),
      (Lines{"identity c1 m", "tool[0] #0 function t f ", "tool[0] #0 function - - {}", "done"}));
}

TEST(ZAiQuirk, ContentTypeWithCharset) {
  EXPECT_EQ(DecodeOpenAi(Stream({Chunk(R"({"content":"a"})"), "[DONE]"}), "text/event-stream;charset=UTF-8").lines,
            (Lines{"identity c1 m", "text[0] a", "done"}));
}

TEST(MoonshotQuirk, UsageInsideTheChoiceAndCachedAtItsTop) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop","usage":{"prompt_tokens":4,"completion_tokens":1,"total_tokens":5,"cached_tokens":3}}]})",
           "[DONE]"}),
      (Lines{"identity - -", "text[0] a", "finished[0] stop stop", "usage 4/1/5 cached=3", "done"}));
}

TEST(TogetherQuirk, TextRepeatsTheContentAndThinkTagsStay) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"t","model":"m","choices":[{"index":0,"text":"<think>a</think>","delta":{"content":"<think>a</think>"},"seed":1234567890123456789}]})",
           "[DONE]"}),
      (Lines{"identity t m", "text[0] <think>a</think>", "done"}));
}

TEST(SnowflakeQuirk, NullsEverywhereAndNeverAFinishReason) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"id":"","created":0,"model":"m","choices":[{"index":0,"delta":{"content":"a","tool_calls":null,"refusal":""}}]})",
           "[DONE]"}),
      (Lines{"identity - m", "text[0] a", "done"}));
}

TEST(NovitaQuirk, PromptDetailsNull) {
  EXPECT_EQ(
      DecodeLines(
          {R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":null,"completion_tokens_details":null}})",
           "[DONE]"}),
      (Lines{"identity - -", "usage 1/2/3", "done"}));
}

TEST(PerplexityQuirk, CumulativeMessageUsageInEachChunkCrlfAndNoDoneMark) {
  const std::string stream =
      R"(data: {"id":"p","model":"m","choices":[{"index":0,"message":{"content":"a"},"delta":{"content":"a"}}],"usage":{"total_tokens":1}})"
      "\r\n\r\n"
      R"(data: {"id":"p","model":"m","choices":[{"index":0,"message":{"content":"ab"},"delta":{"content":"b"}}],"usage":{"total_tokens":2}})"
      "\r\n\r\n"
      R"(data: {"id":"p","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"content":"ab"}}],"usage":{"total_tokens":2}})"
      "\r\n\r\n";
  EXPECT_EQ(DecodeOpenAi(stream).lines,
            (Lines{"identity p m", "text[0] a", "text[0] b", "finished[0] stop stop", "usage -/-/2", "done"}));
}

TEST(GeminiCompatQuirk, ToolDeltasWithoutIndex) {
  EXPECT_EQ(
      DecodeLines({Chunk(
          R"({"tool_calls":[{"function":{"name":"f","arguments":"{}"},"id":"a","type":"function","extra_content":{"google":{"thought_signature":"S"}}},{"function":{"name":"g","arguments":"[]"},"id":"b","type":"function"}]})",
          R"(,"finish_reason":"stop")")}),
      (Lines{"identity c1 m", "tool[0] #0 function a f {}",
             "opaque[0] " + openai::OpaqueExtraContent("a", R"({"google":{"thought_signature":"S"}})"),
             "tool[0] #1 function b g []", "finished[0] stop stop", "done"}));
}

TEST(GeminiCompatQuirk, IndexZeroForEachParallelCall) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"),
                         Chunk(R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]})"),
                         "[DONE]"}),
            (Lines{"identity c1 m", "tool[0] #0 function a f {}", "tool[0] #1 function b g {}", "done"}));
}

TEST(GeminiCompatQuirk, DoneMarkWithoutFinishReasonAndUsageInEachChunk) {
  EXPECT_EQ(DecodeLines({Chunk(R"({"content":"a"})", R"(}],"usage":{"total_tokens":1},"x":[{)"),
                         Chunk(R"({"content":"b"})", R"(}],"usage":{"total_tokens":2},"x":[{)"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "text[0] b", "usage -/-/2", "done"}));
}

}  // namespace
}  // namespace sluice::dialect
