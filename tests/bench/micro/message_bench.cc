// The message to the caller: a delta into the queue's slot, and from there to bytes.

#include <benchmark/benchmark.h>
#include <grpc/grpc.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "server/chat/event.h"
#include "server/edge/grpc/event_to_proto.h"
#include "server/edge/grpc/response_queue.h"
#include "tests/bench/micro/tally.h"

namespace sluice::bench {
namespace {

chat::Delta TextDelta() {
  chat::Delta delta;
  delta.text = " gateway";
  return delta;
}

chat::Delta ToolDelta() {
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool.arguments = "\"water";
  return delta;
}

void Queue(const chat::Delta& delta, edge::ResponseQueue& queue) {
  edge::FillDelta(delta, queue.Add()->mutable_delta());
  queue.Commit();
}

template <typename Step>
void Run(benchmark::State& state, Step step) {
  for (int i = 0; i < 4; ++i) step();
  Tally tally(state);
  for (auto _ : state) step();
  tally.Report(1);
}

void FillAndQueue(benchmark::State& state, const chat::Delta& delta) {
  edge::ResponseQueue queue;
  Run(state, [&] {
    Queue(delta, queue);
    benchmark::DoNotOptimize(queue.front());
    queue.Pop();
  });
}
BENCHMARK_CAPTURE(FillAndQueue, text, TextDelta());
BENCHMARK_CAPTURE(FillAndQueue, tool_call, ToolDelta());

// Into a buffer that is used again.
void FillAndSerialize(benchmark::State& state, const chat::Delta& delta) {
  edge::ResponseQueue queue;
  std::string wire;
  Run(state, [&] {
    Queue(delta, queue);
    queue.front().SerializeToString(&wire);
    benchmark::DoNotOptimize(wire.data());
    queue.Pop();
  });
}
BENCHMARK_CAPTURE(FillAndSerialize, text, TextDelta());
BENCHMARK_CAPTURE(FillAndSerialize, tool_call, ToolDelta());

// As gRPC serializes a typed message when it is written: into slices of its own.
void FillAndGiveToGrpc(benchmark::State& state, const chat::Delta& delta) {
  grpc_init();
  edge::ResponseQueue queue;
  Run(state, [&] {
    Queue(delta, queue);
    grpc::ByteBuffer buffer;
    bool own = false;
    const grpc::Status status = grpc::SerializationTraits<v1::ChatResponse>::Serialize(queue.front(), &buffer, &own);
    if (!status.ok()) state.SkipWithError("did not serialize");
    queue.Pop();
  });
  grpc_shutdown();
}
BENCHMARK_CAPTURE(FillAndGiveToGrpc, text, TextDelta());
BENCHMARK_CAPTURE(FillAndGiveToGrpc, tool_call, ToolDelta());

}  // namespace
}  // namespace sluice::bench
