// The SSE decoder alone: bytes to events.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/sse/decoder.h"
#include "tests/bench/guard/script.h"
#include "tests/bench/micro/tally.h"

namespace sluice::bench {
namespace {

class EventCounter final : public sse::Handler {
 public:
  void OnEvent(const sse::Event& event) override { bytes += event.data.size(); }
  size_t bytes = 0;
};

void Run(benchmark::State& state, const std::vector<std::string>& reads, int deltas) {
  sse::Decoder decoder;
  EventCounter counter;
  const auto feed = [&] {
    for (const std::string& read : reads) benchmark::DoNotOptimize(decoder.Feed(read, counter).ok());
  };
  feed();
  size_t bytes = 0;
  for (const std::string& read : reads) bytes += read.size();
  Tally tally(state);
  for (auto _ : state) feed();
  tally.Report(deltas);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  if (counter.bytes == 0) state.SkipWithError("no event came");
}

constexpr int kDeltas = 960;  // whole cycles of the script's texts

std::string Deltas() {
  std::string bytes;
  for (int i = 0; i < kDeltas; ++i) bytes += DeltaEvent(Shape::kText, i);
  return bytes;
}

void SseOneDeltaARead(benchmark::State& state) {
  std::vector<std::string> reads;
  for (int i = 0; i < kDeltas; ++i) reads.push_back(DeltaEvent(Shape::kText, i));
  Run(state, reads, kDeltas);
}
BENCHMARK(SseOneDeltaARead);

// In reads of so many bytes: 1 is the worst a peer can do; 1400 about a TCP segment, 16384 what curl hands over at
// most; the last is all at once.
void SseReadsOf(benchmark::State& state) {
  const std::string bytes = Deltas();
  const auto read = static_cast<size_t>(state.range(0));
  std::vector<std::string> reads;
  for (size_t at = 0; at < bytes.size(); at += read) reads.push_back(bytes.substr(at, read));
  Run(state, reads, kDeltas);
}
BENCHMARK(SseReadsOf)->Arg(1)->Arg(1400)->Arg(16 << 10)->Arg(1 << 30);

}  // namespace
}  // namespace sluice::bench
