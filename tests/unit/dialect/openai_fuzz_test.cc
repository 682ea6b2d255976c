#include <gtest/gtest.h>

#include "server/dialect/openai/stream_decoder.h"
#include "tests/unit/dialect/harness.h"
#include "tests/unit/dialect/mutations.h"

namespace sluice::dialect {
namespace {

std::vector<std::string> Seeds() {
  return {
      Stream(
          {Chunk(R"({"role":"assistant","content":null})"),
           Chunk(R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})"),
           Chunk(R"({"tool_calls":[{"index":1,"function":{"name":"g","arguments":"{\"x\":"}}]})"),
           Chunk(R"({"tool_calls":[{"index":1,"id":"b","function":{"arguments":{"y":[1,2.5]}}}]})"),
           FinishChunk("tool_calls"), R"({"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}})", "[DONE]"}),
      ": c\n\n" +
          Stream({Chunk(R"({"content":"a\ud83d","reasoning":"r"})"), Chunk(R"({"content":"\ude00"})"),
                  R"({"choices":[{"index":1,"delta":{"refusal":"no","audio":{"id":"x","transcript":"\ud83d"}}}]})",
                  R"({"choices":[{"delta":{}}],"error":{"code":502,"message":["a","b"]}})"}),
      R"({"id":"c","choices":[{"message":{"content":"x","tool_calls":[{"id":"a","function":{"name":"f"}}]},"finish_reason":"stop"}],"usage":{"total_tokens":1}})",
      "error: {\"code\":500}\n\nevent: error\ndata: {\"message\":\"x\"}\n\n",
  };
}

TEST(OpenAiFuzz, MutatedStreamsKeepTheContract) {
  ExpectThatMutationsKeepTheContract(
      Seeds(), [](IdSource& ids) { return std::make_unique<openai::OpenAiDecoder>(DecodeLimits(), ids); });
}

}  // namespace
}  // namespace sluice::dialect
