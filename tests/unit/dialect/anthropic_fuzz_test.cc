// Mutations of real streams. Whatever comes, the sink's contract holds (the recorder checks it), and the events do not
// depend on how the bytes were cut.

#include <gtest/gtest.h>

#include <random>

#include "server/base/fake_id.h"
#include "server/dialect/anthropic/stream_decoder.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

std::vector<std::string> Seeds() {
  return {
      Events(Join({{MessageStart(), BlockStart(0, R"({"type":"thinking","thinking":"","signature":""})"),
                    BlockPiece(0, R"({"type":"thinking_delta","thinking":"h\ud83d"})"),
                    BlockPiece(0, R"({"type":"signature_delta","signature":"s=="})"), BlockStop(0)},
                   TextBlock(1, "a"),
                   {BlockStart(2, R"({"type":"tool_use","id":"t","name":"f","input":{}})"),
                    BlockPiece(2, R"({"type":"input_json_delta","partial_json":"{\"x\":1}"})"), BlockStop(2),
                    MessageEnd("tool_use"), MessageStop()}})),
      Events(Join({{MessageStart(), BlockStart(0, R"({"type":"redacted_thinking","data":"d"})"), BlockStop(0),
                    BlockStart(1, R"({"type":"server_tool_use","id":"s","name":"w","input":{}})"),
                    BlockPiece(1, R"({"type":"input_json_delta","partial_json":"{\"q\":[1]}"})"), BlockStop(1),
                    BlockPiece(2, R"({"type":"citations_delta","citation":{"type":"t","url":"u"}})"),
                    R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})"}})),
      R"({"id":"m","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","input":{"x":1}}],)"
      R"("stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}})",
      "error: {\"code\":500}\n\nevent: error\ndata: {\"message\":\"x\"}\n\n",
  };
}

// Cuts at random places, or not at all if `random` is null.
Lines Feed(const std::string& body, std::mt19937* random) {
  FakeIdSource ids;
  ReplyReader reader(std::make_unique<AnthropicDecoder>(DecodeLimits(), ids), "text/event-stream", DecodeLimits());
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

std::string Mutate(std::string body, std::mt19937& random) {
  const std::string alphabet = "{}[]\",:\\u0dDe-1.tn \n\r\xC3\xED\xA0";
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
  return body;
}

TEST(AnthropicFuzz, MutatedStreamsKeepTheContract) {
  const std::vector<std::string> seeds = Seeds();
  std::mt19937 random(11);
  for (int round = 0; round < 8000 && !::testing::Test::HasFailure(); ++round) {
    const std::string body = Mutate(seeds[static_cast<size_t>(round) % seeds.size()], random);
    EXPECT_EQ(Feed(body, nullptr), Feed(body, &random)) << body;
  }
}

}  // namespace
}  // namespace sluice::dialect::anthropic
