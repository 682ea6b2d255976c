// Mutations of streams in Gemini's shapes. Whatever comes, the sink's contract holds (the recorder checks it), and the
// events do not depend on how the bytes were cut.

#include <gtest/gtest.h>

#include <random>

#include "server/base/fake_id.h"
#include "server/dialect/gemini/stream_decoder.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/gemini_harness.h"

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

// Cuts at random places, or not at all if `random` is null.
Lines Feed(const std::string& body, std::mt19937* random) {
  FakeIdSource ids;
  ReplyReader reader(std::make_unique<GeminiDecoder>(DecodeLimits(), ids), "text/event-stream", DecodeLimits());
  Recorder sink;
  size_t at = 0;
  while (at < body.size()) {
    const size_t size = random == nullptr ? body.size() : 1 + (*random)() % 40;
    reader.Feed(absl::string_view(body).substr(at, size), sink);
    at += size;
  }
  reader.Eof(sink);
  EXPECT_TRUE(sink.done());
  return sink.lines();
}

TEST(GeminiFuzz, MutatedStreamsKeepTheContract) {
  const std::vector<std::string> seeds = Seeds();
  const std::string alphabet = "{}[]\",:\\u0dDe-1.tn \n\r\xC3\xED\xA0";
  std::mt19937 random(11);
  for (int round = 0; round < 8000 && !::testing::Test::HasFailure(); ++round) {
    std::string body = seeds[static_cast<size_t>(round) % seeds.size()];
    for (auto edits = random() % 5; edits > 0 && !body.empty(); --edits) {
      const size_t at = random() % body.size();
      switch (random() % 4) {
        case 0:
          body.erase(at, 1 + random() % 8);
          break;
        case 1:
          body.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
        case 2:
          body[at] = alphabet[random() % alphabet.size()];
          break;
        default:
          body.insert(at, body.substr(random() % body.size(), random() % 60));
      }
    }
    EXPECT_EQ(Feed(body, nullptr), Feed(body, &random)) << body;
  }
}

}  // namespace
}  // namespace sluice::dialect::gemini
