// What a delta costs the gateway, in instructions. Runs one scenario through all of the gateway but its sockets
// (gateway.h), alike every time, and tells Callgrind to count its steady part only. guard.py runs it and compares.
// usage: bench_guard SCENARIO (without one: lists them)
//
// Prints what the counted part did:
//   unit=delta        what the figures are per, "delta" or "call"
//   count=4096        how many of them
//   allocations=0     calls of operator new
//   clock_reads=4608  of the clock
// Exit status 1: an answer did not come out as it went in, and no figure counts.

#include <valgrind/callgrind.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/guard/gateway.h"
#include "tests/bench/guard/script.h"
#include "tests/unit/allocations.h"

namespace sluice::bench {
namespace {

// Between two turns of the loop.
constexpr absl::Duration kTick = absl::Milliseconds(10);

struct Scenario {
  const char* name;
  Shape shape;
  int streams;        // side by side; 0: short calls of two deltas, one after the other
  size_t read_bytes;  // of each read but a stream's last; 0: one delta a read
  int warm_up;        // deltas of each stream, or calls, that are not counted
  int counted;
};

// The first flush of a stream's metrics, after five seconds, falls into the warm-up.
constexpr Scenario kScenarios[] = {
    {"paced", Shape::kText, 8, 0, 512, 512},     {"long_texts", Shape::kLongText, 8, 0, 512, 512},
    {"padded", Shape::kPadded, 8, 0, 512, 512},  {"reasoning", Shape::kReasoning, 8, 0, 512, 512},
    {"tools", Shape::kToolCall, 8, 0, 512, 512}, {"logprobs", Shape::kLogprobs, 8, 0, 512, 256},
    {"usage", Shape::kUsage, 8, 0, 512, 256},    {"bulk", Shape::kText, 4, size_t{16} << 10, 512, 2048},
    {"bytes", Shape::kText, 1, 1, 64, 256},      {"short_calls", Shape::kText, 0, 0, 64, 256},
};

struct Figures {
  const char* unit = "delta";
  int64_t count = 0;
  size_t allocations = 0;
  uint64_t clock_reads = 0;
};

// Counts from Begin to End. Nothing of the harness allocates between them.
class Meter {
 public:
  explicit Meter(const Gateway& gateway) : gateway_(gateway) {}
  void Begin() {
    allocations_ = Allocations();
    clock_reads_ = gateway_.clock_reads();
    CALLGRIND_START_INSTRUMENTATION;
  }
  void End(Figures& figures) {
    CALLGRIND_STOP_INSTRUMENTATION;
    figures.allocations = Allocations() - allocations_;
    figures.clock_reads = gateway_.clock_reads() - clock_reads_;
  }

 private:
  const Gateway& gateway_;
  size_t allocations_ = 0;
  uint64_t clock_reads_ = 0;
};

std::vector<std::string> Cut(const std::string& bytes, size_t piece) {
  std::vector<std::string> reads;
  for (size_t at = 0; at < bytes.size(); at += piece) reads.push_back(bytes.substr(at, piece));
  return reads;
}

// Deltas `first` to `end` - 1 of a stream, as they are read.
std::vector<std::string> Reads(const Scenario& scenario, int first, int end) {
  std::vector<std::string> events;
  for (int i = first; i < end; ++i) events.push_back(DeltaEvent(scenario.shape, i));
  if (scenario.read_bytes == 0) return events;
  std::string bytes;
  for (const std::string& event : events) absl::StrAppend(&bytes, event);
  return Cut(bytes, scenario.read_bytes);
}

bool IsWhole(const Chat::Counts& counts, Shape shape, int deltas) {
  size_t text_bytes = 0;
  for (int i = 0; i < deltas; ++i) text_bytes += DecodedBytes(shape, i);
  // A tool call's opening is a delta too. Around the deltas: started, finished, usage.
  const int64_t openings = shape == Shape::kToolCall ? 1 : 0;
  return counts.complete && counts.text_bytes == text_bytes && counts.deltas == deltas + openings &&
         counts.messages == counts.deltas + 3;
}

bool RunStreams(const Scenario& scenario, Figures& figures) {
  const int deltas = scenario.warm_up + scenario.counted;
  const std::vector<std::string> warm_up = Reads(scenario, 0, scenario.warm_up);
  const std::vector<std::string> counted = Reads(scenario, scenario.warm_up, deltas);
  Gateway gateway;
  Meter meter(gateway);
  std::vector<std::unique_ptr<Chat>> chats;
  for (int i = 0; i < scenario.streams; ++i) {
    chats.push_back(std::make_unique<Chat>(gateway));
    chats.back()->Start(UsualRequest());
    chats.back()->Read(OpeningEvent(scenario.shape));
  }
  const auto play = [&](const std::vector<std::string>& reads) {
    for (const std::string& read : reads) {
      for (const auto& chat : chats) chat->Read(read);
      gateway.Turn(kTick);
    }
  };
  play(warm_up);
  meter.Begin();
  play(counted);
  meter.End(figures);
  figures.count = int64_t{scenario.counted} * scenario.streams;
  play({ClosingEvents()});
  for (const auto& chat : chats) {
    if (!IsWhole(chat->counts(), scenario.shape, deltas)) return false;
  }
  return gateway.access_lines() == static_cast<uint64_t>(scenario.streams);
}

bool RunShortCalls(const Scenario& scenario, Figures& figures) {
  constexpr int kDeltas = 2;
  const std::vector<std::string> reads = {OpeningEvent(scenario.shape), DeltaEvent(scenario.shape, 0),
                                          DeltaEvent(scenario.shape, 1), ClosingEvents()};
  const int calls = scenario.warm_up + scenario.counted;
  std::vector<v1::ChatRequest> requests(static_cast<size_t>(calls), UsualRequest());
  Gateway gateway;
  Meter meter(gateway);
  int whole = 0;
  for (int i = 0; i < calls; ++i) {
    if (i == scenario.warm_up) meter.Begin();
    Chat chat(gateway);
    chat.Start(std::move(requests[static_cast<size_t>(i)]));
    for (const std::string& read : reads) {
      chat.Read(read);
      gateway.Turn(kTick);
    }
    whole += IsWhole(chat.counts(), scenario.shape, kDeltas) ? 1 : 0;
  }
  meter.End(figures);
  figures.unit = "call";
  figures.count = scenario.counted;
  return whole == calls && gateway.access_lines() == static_cast<uint64_t>(calls);
}

int Run(absl::string_view name) {
  for (const Scenario& scenario : kScenarios) {
    if (name.empty()) std::printf("%s\n", scenario.name);
    if (name != scenario.name) continue;
    Figures figures;
    if (!(scenario.streams == 0 ? RunShortCalls : RunStreams)(scenario, figures)) {
      std::fprintf(stderr, "bench_guard: %s: an answer did not come out as it went in\n", scenario.name);
      return 1;
    }
    std::printf("unit=%s\ncount=%lld\nallocations=%zu\nclock_reads=%llu\n", figures.unit,
                static_cast<long long>(figures.count), figures.allocations,
                static_cast<unsigned long long>(figures.clock_reads));
    return 0;
  }
  if (name.empty()) return 0;
  std::fprintf(stderr, "bench_guard: no scenario is called %s\n", std::string(name).c_str());
  return 2;
}

}  // namespace
}  // namespace sluice::bench

// In place of Abseil's own, which the access line's timestamp comes from: it calibrates itself by the processor's
// clock, and its digits change, so that it never takes the same number of instructions twice.
namespace absl {
ABSL_NAMESPACE_BEGIN
int64_t GetCurrentTimeNanos() { return 1'741'569'952'123'456'789; }
ABSL_NAMESPACE_END
}  // namespace absl

int main(int argc, char** argv) { return sluice::bench::Run(argc > 1 ? argv[1] : ""); }
