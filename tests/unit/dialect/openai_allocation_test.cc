// Deltas must not allocate: at a hundred thousand of them a second the heap would be the gateway's main work.

#include <gtest/gtest.h>

#include "server/dialect/codec.h"
#include "tests/unit/allocations.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
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
size_t AllocationsOf(const std::string& chunk, size_t& bytes) {
  const auto decoder = FindCodec("openai")->NewDecoder(Target(), DecodeLimits());
  CountingSink sink;
  const sse::Event event{"message", chunk, ""};
  for (int i = 0; i < 10; ++i) decoder->OnEvent(event, sink);
  const size_t before = Allocations();
  for (int i = 0; i < 1000; ++i) decoder->OnEvent(event, sink);
  bytes = sink.bytes;
  return Allocations() - before;
}

TEST(AllocationTest, DeltasInTheSteadyStateAllocateNothing) {
  const std::string chunks[] = {
      Chunk(R"({"content":" word"})", R"(,"logprobs":null,"finish_reason":null)"),
      Chunk(R"({"content":"caf\u00e9 \ud83d\ude00"})"),
      Chunk(R"({"content":"x\ud83d"})"),
      Chunk(R"({"content":"\ude00x\ud83d"})"),
      Chunk(R"({"reasoning_content":"hm","content":null})"),
      Chunk(R"({"refusal":"no"})"),
      Chunk(R"({"content":[{"type":"text","text":"part"}]})"),
      Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]})"),
      R"({"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
  };
  for (const std::string& chunk : chunks) {
    size_t bytes = 0;
    EXPECT_EQ(AllocationsOf(chunk, bytes), 0u) << chunk;
    EXPECT_TRUE(bytes > 0 || chunk.find("usage") != std::string::npos) << chunk;
  }
}

TEST(AllocationTest, TheCounterCounts) {
  const size_t before = Allocations();
  const std::string text(1000, 'x');
  EXPECT_GT(Allocations(), before) << text.size();
}

}  // namespace
}  // namespace sluice::dialect
