#include <gtest/gtest.h>

#include "server/dialect/codec.h"
#include "tests/unit/allocations.h"
#include "tests/unit/dialect/anthropic_stream.h"

namespace sluice::dialect::anthropic {
namespace {

class CountingSink final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override { bytes += delta.text.size() + delta.tool.arguments.size(); }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error*) override {}

  size_t bytes = 0;
};

// Allocations over 1000 repetitions, after ten to warm up, counted through operator new.
size_t AllocationsOf(const std::string& delta, size_t& bytes) {
  const auto decoder = FindCodec("anthropic")->NewDecoder(Target(), DecodeLimits());
  CountingSink sink;
  decoder->OnEvent({"message", MessageStart(), ""}, sink);
  decoder->OnEvent({"message", BlockStart(0, R"({"type":"text","text":""})"), ""}, sink);
  decoder->OnEvent({"message", BlockStart(1, R"({"type":"tool_use","id":"a","name":"f","input":{}})"), ""}, sink);
  const sse::Event event{"content_block_delta", delta, ""};
  for (int i = 0; i < 10; ++i) decoder->OnEvent(event, sink);
  const size_t before = Allocations();
  for (int i = 0; i < 1000; ++i) decoder->OnEvent(event, sink);
  bytes = sink.bytes;
  return Allocations() - before;
}

TEST(AnthropicAllocation, DeltasInTheSteadyStateAllocateNothing) {
  const std::string deltas[] = {
      BlockPiece(0, R"({"type":"text_delta","text":" word"})") + "       ",
      BlockPiece(0, R"({"type":"text_delta","text":"caf\u00e9 \ud83d\ude00"})"),
      BlockPiece(0, R"({"type":"text_delta","text":"\ude00x\ud83d"})"),
      BlockPiece(1, R"({"type":"input_json_delta","partial_json":"{\"x\""})"),
  };
  for (const std::string& delta : deltas) {
    size_t bytes = 0;
    EXPECT_EQ(AllocationsOf(delta, bytes), 0u) << delta;
    EXPECT_GT(bytes, 0u) << delta;
  }
}

}  // namespace
}  // namespace sluice::dialect::anthropic
