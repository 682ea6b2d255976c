#include "server/edge/grpc/engine.h"

#include <algorithm>
#include <utility>

#include "server/edge/grpc/chat_call.h"
#include "server/edge/grpc/complete_call.h"
#include "server/edge/grpc/list_models_call.h"

namespace sluice::edge {
namespace {

// Calls that may arrive before the engine has taken notice of the first. gRPC looks through outstanding operations
// one by one, so a few, not hundreds.
constexpr int kChatSlots = 8;
constexpr int kCompleteSlots = 4;

}  // namespace

GrpcEngine::GrpcEngine(exchange::EngineContext* context, std::unique_ptr<grpc::ServerCompletionQueue> queue,
                       Services* services, Connections* connections, IdSource* ids,
                       absl::AnyInvocable<void()> on_last_call_gone)
    : context_(context),
      services_(services),
      connections_(connections),
      ids_(ids),
      pump_(context->loop, std::move(queue)),
      on_last_call_gone_(std::move(on_last_call_gone)) {
  context_->loop.AddSource(this);
}

GrpcEngine::~GrpcEngine() { context_->loop.RemoveSource(this); }

void GrpcEngine::Start() {
  pump_.Start();
  for (int i = 0; i < kChatSlots; ++i) (new ChatCall(this))->Offer();
  for (int i = 0; i < kCompleteSlots; ++i) (new CompleteCall(this))->Offer();
  (new ListModelsCall(this))->Offer();
}

void GrpcEngine::Shutdown() {
  // The queue must outlive the last Finish.
  while (calls_ > 0) context_->loop.Turn(/*wait=*/true);
  pump_.Shutdown();
}

void GrpcEngine::ForgetFlush(Flushable* stream) {
  std::replace(flushable_.begin(), flushable_.end(), stream, static_cast<Flushable*>(nullptr));
  std::replace(flushing_.begin(), flushing_.end(), stream, static_cast<Flushable*>(nullptr));
}

void GrpcEngine::OnTurnEnd() {
  flushing_.swap(flushable_);
  for (size_t i = 0; i < flushing_.size(); ++i) {
    if (flushing_[i] != nullptr) flushing_[i]->Flush();
  }
  flushing_.clear();
  corks_.UncorkAll();
}

}  // namespace sluice::edge
