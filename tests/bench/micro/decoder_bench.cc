// OpenAI's stream decoder alone: events to deltas.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"
#include "tests/bench/guard/script.h"
#include "tests/bench/micro/tally.h"

namespace sluice::bench {
namespace {

class DeltaCounter final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override {
    ++deltas;
    benchmark::DoNotOptimize(delta.text.data());
  }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error*) override { done = true; }

  int64_t deltas = 0;
  bool done = false;
};

// What the SSE decoder makes of one of the script's events.
absl::string_view DataOf(absl::string_view event) {
  constexpr size_t kField = 6, kEnd = 2;  // "data: ", and two line ends
  return event.substr(kField, event.size() - kField - kEnd);
}

void OpenAiDeltas(benchmark::State& state, Shape shape) {
  constexpr int kDeltas = 960;
  std::vector<std::string> events;
  for (int i = 0; i < kDeltas; ++i) events.push_back(DeltaEvent(shape, i));
  const auto decoder = dialect::FindCodec("openai")->NewDecoder(dialect::Target(), dialect::DecodeLimits());
  DeltaCounter sink;
  const auto decode = [&](const std::string& event) { decoder->OnEvent({"message", DataOf(event), ""}, sink); };
  decode(OpeningEvent(shape));
  for (const std::string& event : events) decode(event);
  const int64_t before = sink.deltas;
  Tally tally(state);
  for (auto _ : state) {
    for (const std::string& event : events) decode(event);
  }
  tally.Report(kDeltas);
  if (sink.done || sink.deltas - before != state.iterations() * kDeltas) state.SkipWithError("not each gave a delta");
}
BENCHMARK_CAPTURE(OpenAiDeltas, text, Shape::kText);
BENCHMARK_CAPTURE(OpenAiDeltas, long_text, Shape::kLongText);
BENCHMARK_CAPTURE(OpenAiDeltas, padded, Shape::kPadded);
BENCHMARK_CAPTURE(OpenAiDeltas, reasoning, Shape::kReasoning);
BENCHMARK_CAPTURE(OpenAiDeltas, tool_call, Shape::kToolCall);
BENCHMARK_CAPTURE(OpenAiDeltas, logprobs, Shape::kLogprobs);
BENCHMARK_CAPTURE(OpenAiDeltas, usage, Shape::kUsage);

}  // namespace
}  // namespace sluice::bench
