// The way through all of the gateway but its sockets: upstream bytes to the caller's serialized message, as the guard
// runs it (guard/gateway.h).

#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/bench/guard/gateway.h"
#include "tests/bench/guard/script.h"
#include "tests/bench/micro/tally.h"

namespace sluice::bench {
namespace {

constexpr int kDeltas = 960;

void Run(benchmark::State& state, Shape shape, const std::vector<std::string>& reads) {
  Gateway gateway;
  Chat chat(gateway);
  chat.Start(UsualRequest());
  chat.Read(OpeningEvent(shape));
  const auto play = [&] {
    for (const std::string& read : reads) chat.Read(read);
  };
  play();
  const int64_t before = chat.counts().deltas;
  Tally tally(state);
  for (auto _ : state) play();
  tally.Report(kDeltas);
  if (chat.counts().deltas - before != state.iterations() * kDeltas) state.SkipWithError("not each delta came out");
}

void PathOneDeltaARead(benchmark::State& state, Shape shape) {
  std::vector<std::string> reads;
  for (int i = 0; i < kDeltas; ++i) reads.push_back(DeltaEvent(shape, i));
  Run(state, shape, reads);
}
BENCHMARK_CAPTURE(PathOneDeltaARead, text, Shape::kText);
BENCHMARK_CAPTURE(PathOneDeltaARead, padded, Shape::kPadded);
BENCHMARK_CAPTURE(PathOneDeltaARead, reasoning, Shape::kReasoning);
BENCHMARK_CAPTURE(PathOneDeltaARead, tool_call, Shape::kToolCall);
BENCHMARK_CAPTURE(PathOneDeltaARead, logprobs, Shape::kLogprobs);

void PathReadsOf(benchmark::State& state) {
  std::string bytes;
  for (int i = 0; i < kDeltas; ++i) bytes += DeltaEvent(Shape::kText, i);
  const auto read = static_cast<size_t>(state.range(0));
  std::vector<std::string> reads;
  for (size_t at = 0; at < bytes.size(); at += read) reads.push_back(bytes.substr(at, read));
  Run(state, Shape::kText, reads);
}
BENCHMARK(PathReadsOf)->Arg(1)->Arg(16 << 10);

// A whole call: request, opening, two deltas, end, metrics, access line. The copy of the request is in the figure.
void PathShortCall(benchmark::State& state) {
  Gateway gateway;
  const v1::ChatRequest request = UsualRequest();
  const std::vector<std::string> reads = {OpeningEvent(Shape::kText), DeltaEvent(Shape::kText, 0),
                                          DeltaEvent(Shape::kText, 1), ClosingEvents()};
  bool complete = true;
  const size_t before = Allocations();
  for (auto _ : state) {
    Chat chat(gateway);
    chat.Start(request);
    for (const std::string& read : reads) chat.Read(read);
    complete = complete && chat.counts().complete;
    gateway.Turn(absl::Milliseconds(1));
  }
  state.counters["allocs"] = static_cast<double>(Allocations() - before) / static_cast<double>(state.iterations());
  if (!complete) state.SkipWithError("a call did not end well");
}
BENCHMARK(PathShortCall);

}  // namespace
}  // namespace sluice::bench
