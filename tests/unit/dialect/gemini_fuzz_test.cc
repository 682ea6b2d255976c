#include <gtest/gtest.h>

#include "server/dialect/gemini/stream_decoder.h"
#include "tests/unit/dialect/gemini_harness.h"
#include "tests/unit/dialect/mutations.h"

namespace sluice::dialect::gemini {
namespace {

std::vector<std::string> Seeds() {
  return {
      GeminiStream(
          {PartsChunk(
               R"({"text":"hm\ud83d","thought":true,"thoughtSignature":"s"},{"text":"a","thoughtSignature":"t"})"),
           PartsChunk(
               R"({"text":"\ude00"},{"executableCode":{"code":"1"}},{"functionCall":{"name":"f","args":{"x":[1, 2.5]}}})",
               R"(,"safetyRatings":[{"blocked":true}],"citationMetadata":{"citations":[{"endIndex":3}]})"),
           R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"thoughtsTokenCount":5}})"}),
      GeminiStream({PartsChunk(R"({"functionCall":{"name":"f","willContinue":true}})"),
                    PartsChunk(R"({"functionCall":{"partialArgs":[{"jsonPath":"$.a[0]","stringValue":"x\ud83d"},)"
                               R"({"jsonPath":"$['b']","numberValue":2}],"willContinue":true}})"),
                    PartsChunk(R"({"functionCall":{}})"), EndChunk()}),
      GeminiStream({TextChunk("a")}) +
          "{\r\n  \"error\": {\r\n    \"code\": 503,\r\n    \"message\": \"a: {b}\"\r\n  }\r\n}\r\n",
      "[" + TextChunk("a") + ",\r\n" + EndChunk() + "]",
      GeminiStream({R"({"promptFeedback":{"blockReason":"SAFETY"}})"}),
  };
}

TEST(GeminiFuzz, MutatedStreamsKeepTheContract) {
  ExpectThatMutationsKeepTheContract(
      Seeds(), [](IdSource& ids) { return std::make_unique<GeminiDecoder>(DecodeLimits(), ids); });
}

}  // namespace
}  // namespace sluice::dialect::gemini
