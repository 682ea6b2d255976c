// The request on its way up: from the caller's message to OpenAI's JSON.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "server/dialect/codec.h"
#include "server/edge/grpc/request_from_proto.h"
#include "tests/bench/guard/gateway.h"
#include "tests/unit/allocations.h"

namespace sluice::bench {
namespace {

// About `bytes` of prose, with the quotes and line ends that JSON has to escape.
std::string Prompt(size_t bytes) {
  std::string prompt;
  while (prompt.size() < bytes) prompt += "The lock-keeper said: \"not before the tide\".\nCaf\xC3\xA9 closed. ";
  return prompt;
}

v1::ChatRequest RequestOf(size_t prompt_bytes) {
  v1::ChatRequest request = UsualRequest();
  if (prompt_bytes > 0) request.mutable_messages(1)->mutable_content(0)->set_text(Prompt(prompt_bytes));
  return request;
}

void ReportAllocations(benchmark::State& state, size_t before) {
  state.counters["allocs"] = static_cast<double>(Allocations() - before) / static_cast<double>(state.iterations());
}

// The argument is the prompt's size; 0 is the usual short one.
void RequestFromProto(benchmark::State& state) {
  const v1::ChatRequest request = RequestOf(static_cast<size_t>(state.range(0)));
  const size_t before = Allocations();
  for (auto _ : state) {
    v1::ChatRequest taken = request;  // its texts are moved out; the copy is in the figure
    std::vector<chat::FieldViolation> violations;
    benchmark::DoNotOptimize(edge::RequestFromProto(&taken, &violations));
  }
  ReportAllocations(state, before);
}
BENCHMARK(RequestFromProto)->Arg(0)->Arg(64 << 10);

void EncodeOpenAi(benchmark::State& state) {
  v1::ChatRequest message = RequestOf(static_cast<size_t>(state.range(0)));
  std::vector<chat::FieldViolation> violations;
  const chat::Request request = edge::RequestFromProto(&message, &violations);
  const dialect::Codec* const codec = dialect::FindCodec("openai");
  dialect::Target target;
  target.base_url = "https://api.openai.test/v1";
  target.api_key = "sk-test";
  int64_t bytes = 0;
  const size_t before = Allocations();
  for (auto _ : state) bytes += static_cast<int64_t>(codec->EncodeChat(request, target).body.size());
  ReportAllocations(state, before);
  state.SetBytesProcessed(bytes);
}
BENCHMARK(EncodeOpenAi)->Arg(0)->Arg(64 << 10);

}  // namespace
}  // namespace sluice::bench
