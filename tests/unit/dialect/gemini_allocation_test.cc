// Gemini's deltas must not allocate either.

#include <gtest/gtest.h>

#include "server/dialect/gemini/codec.h"
#include "tests/unit/allocations.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

class CountingSink final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override { bytes += delta.text.size(); }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error*) override {}

  size_t bytes = 0;
};

TEST(GeminiAllocationTest, DeltasInTheSteadyStateAllocateNothing) {
  const std::string usage = R"(,"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":3,"totalTokenCount":7}})";
  std::string with_usage =
      TextChunk(" word", R"(,"finishReason":"STOP","safetyRatings":[{"category":"HARM_CATEGORY_X"}])");
  with_usage.replace(with_usage.size() - 1, 1, usage);
  for (const std::string& chunk :
       {TextChunk(" word"), TextChunk("caf\\u00e9 \\ud83d\\ude00"), TextChunk("\\ude00x\\ud83d"), with_usage,
        PartsChunk(R"({"text":"hm","thought":true},{"text":"a"})")}) {
    const auto decoder = GeminiCodec().NewDecoder({}, DecodeLimits());
    CountingSink sink;
    const sse::Event event{"message", chunk, ""};
    for (int i = 0; i < 10; ++i) decoder->OnEvent(event, sink);
    const size_t before = Allocations();
    for (int i = 0; i < 1000; ++i) decoder->OnEvent(event, sink);
    EXPECT_EQ(Allocations() - before, 0u) << chunk;
    EXPECT_GT(sink.bytes, 1000u) << chunk;
  }
}

}  // namespace
}  // namespace sluice::dialect::gemini
