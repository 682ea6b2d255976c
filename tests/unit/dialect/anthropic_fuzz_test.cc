#include <gtest/gtest.h>

#include "server/dialect/anthropic/stream_decoder.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/mutations.h"

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

TEST(AnthropicFuzz, MutatedStreamsKeepTheContract) {
  ExpectThatMutationsKeepTheContract(
      Seeds(), [](IdSource& ids) { return std::make_unique<AnthropicDecoder>(DecodeLimits(), ids); });
}

}  // namespace
}  // namespace sluice::dialect::anthropic
