// A reply that comes as one JSON document though a stream was asked for.

#include <gtest/gtest.h>

#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

Decoded DecodeBody(absl::string_view body) { return DecodeOpenAi(body, "application/json"); }

TEST(WholeBody, ACompletionGivesTheEventsOfItsStream) {
  EXPECT_EQ(DecodeBody(
                R"({"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[
              {"index":1,"message":{"role":"assistant","content":"two"},"finish_reason":"length","logprobs":null},
              {"index":0,"message":{"role":"assistant","content":"one","refusal":null,"reasoning_content":"why","annotations":[],
               "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"custom","custom":{"name":"g","input":"x"}}],
               "audio":{"id":"au","data":"QQ==","transcript":"t","expires_at":9}},
               "logprobs":{"content":[{"token":"one","logprob":-1,"bytes":null,"top_logprobs":[]}],"refusal":null},"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"service_tier":"default"})")
                .lines,
            (Lines{"identity c1 m", "text[1] two", "reasoning[0] why", "text[0] one {one -1}",
                   "tool[0] #0 function a f {}", "tool[0] #1 custom b g x", "audio[0] au QQ== t 9",
                   "finished[0] tool_calls tool_calls", "finished[1] length length", "usage 1/2/3", "done"}));
}

TEST(WholeBody, ARefusalAndTheOldFunctionCall) {
  EXPECT_EQ(
      DecodeBody(
          R"({"id":"c","model":"m","choices":[{"message":{"content":null,"refusal":"no","function_call":{"name":"f","arguments":"{}"}},"finish_reason":"function_call"}]})")
          .lines,
      (Lines{"identity c m", "refusal[0] no", "tool[0] #0 function call_00000000000000000000000000000001 f {}",
             "finished[0] tool_calls function_call", "done"}));
}

TEST(WholeBody, WithoutAFinishReasonItIsCompleteAllTheSame) {
  EXPECT_EQ(DecodeBody(R"({"choices":[{"message":{"content":"x"}}]})").lines,
            (Lines{"identity - -", "text[0] x", "done"}));
}

TEST(WholeBody, AFinishReasonErrorIsAnError) {
  EXPECT_EQ(DecodeBody(R"({"choices":[{"message":{"content":"x"},"finish_reason":"error"}]})").lines,
            (Lines{"identity - -", "text[0] x", "done server_error"}));
}

TEST(WholeBody, ErrorsInEveryShape) {
  EXPECT_EQ(DecodeBody(R"({"error":{"message":"x","code":"rate_limit_exceeded"}})").lines, (Lines{"done rate_limit"}));
  EXPECT_EQ(DecodeBody(R"([{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}])").lines,
            (Lines{"done rate_limit"}));
  EXPECT_EQ(DecodeBody(R"({"error":"broken"})").lines, (Lines{"done server_error"}));
  EXPECT_EQ(DecodeBody(R"({"detail":"Not Found"})").error.provider_message, "Not Found");
  EXPECT_EQ(DecodeBody(R"({"object":"error","message":"x","code":404})").lines, (Lines{"done not_found"}));
  EXPECT_EQ(DecodeBody(R"({"code":401,"msg":"bad key"})").lines, (Lines{"done authentication"}));
  EXPECT_EQ(DecodeBody(R"({"choices":[],"error":{"message":"x"}})").lines, (Lines{"done server_error"}));
}

TEST(WholeBody, JsonThatIsNeitherIsMalformed) {
  for (const char* body : {"{}", "[]", R"({"a":1})", R"({"choices":null})", R"({"error":null})", "[1,2]"}) {
    EXPECT_EQ(DecodeBody(body).lines, (Lines{"done malformed"})) << body;
  }
}

TEST(WholeBody, BrokenJsonIsMalformed) {
  EXPECT_EQ(DecodeBody(R"({"choices":[{"message":{"content":"x)").lines, (Lines{"done malformed"}));
}

TEST(WholeBody, InvalidBytesAreReplaced) {
  EXPECT_EQ(DecodeBody("{\"choices\":[{\"message\":{\"content\":\"a\xFF\"}}]}").lines[1], "text[0] a\xEF\xBF\xBD");
}

TEST(WholeBody, AChunkInsteadOfACompletion) {
  EXPECT_EQ(DecodeBody(Chunk(R"({"content":"x"})", R"(,"finish_reason":"stop")")).lines,
            (Lines{"identity c1 m", "text[0] x", "finished[0] stop stop", "done"}));
}

}  // namespace
}  // namespace sluice::dialect
