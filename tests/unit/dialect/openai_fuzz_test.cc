// Mutations of real streams. Whatever comes, the sink's contract holds (the recorder checks it), and the events do not
// depend on how the bytes were cut.

#include <gtest/gtest.h>

#include <random>

#include "server/base/fake_id.h"
#include "server/dialect/openai/stream_decoder.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/harness.h"

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

// Cuts at random places, or not at all if `random` is null.
Lines Feed(const std::string& body, std::mt19937* random) {
  FakeIdSource ids;
  ReplyReader reader(std::make_unique<openai::OpenAiDecoder>(DecodeLimits(), ids), "text/event-stream", DecodeLimits());
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

TEST(OpenAiFuzz, MutatedStreamsKeepTheContract) {
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
}  // namespace sluice::dialect
