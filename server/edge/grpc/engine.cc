#include "server/edge/grpc/engine.h"

#include <algorithm>
#include <utility>

#include "server/edge/grpc/chat_call.h"
#include "server/edge/grpc/complete_call.h"
#include "server/edge/grpc/health_call.h"
#include "server/edge/grpc/list_models_call.h"
#include "server/exchange/failures.h"

namespace sluice::edge {
namespace {

// Calls that may arrive before the engine has taken notice of the first. gRPC looks through outstanding
// operations one by one, so a few, not hundreds.
constexpr int kChatSlots = 8;
constexpr int kCompleteSlots = 4;

}  // namespace

GrpcEngine::GrpcEngine(exchange::EngineContext* context,
                       std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues, Services* services,
                       Connections* connections, IdSource* ids, absl::AnyInvocable<void()> on_last_call_gone)
    : context_(context),
      services_(services),
      connections_(connections),
      ids_(ids),
      on_last_call_gone_(std::move(on_last_call_gone)),
      drain_timer_(context->loop, [this] { EndCalls(); }),
      close_timer_(context->loop, [this] { connections_->CloseAll(); }) {
  for (auto& queue : queues) pumps_.push_back(std::make_unique<CompletionPump>(context->loop, std::move(queue)));
  context_->loop.AddSource(this);
}

GrpcEngine::~GrpcEngine() { context_->loop.RemoveSource(this); }

void GrpcEngine::Start() {
  CompletionPump* pump = PumpForNextCall();
  for (int i = 0; i < kChatSlots; ++i) (new ChatCall(this, pump))->Offer();
  for (int i = 0; i < kCompleteSlots; ++i) (new CompleteCall(this, pump))->Offer();
  (new ListModelsCall(this, pump))->Offer();
  (new HealthCheckCall(this, pump))->Offer();
  (new HealthWatchCall(this, pump))->Offer();
}

CompletionPump* GrpcEngine::PumpForNextCall() {
  auto pump =
      std::find_if(pumps_.begin(), pumps_.end(), [](const auto& each) { return each->calls() < kCallsPerQueue; });
  if (pump == pumps_.end()) {
    pump = std::min_element(pumps_.begin(), pumps_.end(),
                            [](const auto& one, const auto& other) { return one->calls() < other->calls(); });
  }
  (*pump)->Start();
  return pump->get();
}

void GrpcEngine::StopServing(std::shared_ptr<void> until_told) {
  serving_ = false;
  ForEachRunning([&](Call& call) { call.GatewayStops(until_told); });
}

void GrpcEngine::Shutdown() {
  // The queue must outlive the last Finish.
  while (calls_ > 0) context_->loop.Turn(/*wait=*/true);
  for (const auto& pump : pumps_) pump->Shutdown();
}

void GrpcEngine::EndCallsAfter(absl::Duration limit) {
  drain_limit_ = limit;
  drain_timer_.ArmAfter(limit);
}

void GrpcEngine::EndCalls() {
  const chat::Error error = exchange::Draining(drain_limit_);
  ForEachRunning([&](Call& call) { call.EndNow(error); });
  close_timer_.ArmAfter(kLastWords);
}

void GrpcEngine::ForEachRunning(absl::FunctionRef<void(Call&)> visit) {
  const std::vector<Call*> calls(running_.begin(), running_.end());  // which may end at once, and be forgotten
  for (Call* call : calls) {
    if (running_.contains(call)) visit(*call);
  }
}

void GrpcEngine::NeedsFlush(Flushable* call) {
  if (std::exchange(call->marked_, true)) return;
  flushable_.push_back(call);
}

void GrpcEngine::ForgetFlush(Flushable* call) {
  if (!call->marked_) return;
  std::replace(flushable_.begin(), flushable_.end(), call, static_cast<Flushable*>(nullptr));
  std::replace(flushing_.begin(), flushing_.end(), call, static_cast<Flushable*>(nullptr));
}

void GrpcEngine::OnStep() {
  if (flushable_.empty()) return;
  flushing_.swap(flushable_);
  for (size_t i = 0; i < flushing_.size(); ++i) {
    if (flushing_[i] == nullptr) continue;
    flushing_[i]->marked_ = false;
    flushing_[i]->Flush();
  }
  flushing_.clear();
}

void GrpcEngine::OnTurnEnd() {
  OnStep();  // what the last flush has left
  corks_.UncorkAll();
}

}  // namespace sluice::edge
