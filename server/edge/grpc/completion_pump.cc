#include "server/edge/grpc/completion_pump.h"

#include <pthread.h>
#include <sched.h>

#include <utility>

namespace sluice::edge {

CompletionPump::CompletionPump(loop::Loop& loop, std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : loop_(loop), queue_(std::move(queue)) {}

CompletionPump::~CompletionPump() {
  if (companion_.joinable()) companion_.join();
}

void CompletionPump::Start() {
  if (companion_.joinable()) return;
  companion_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "sluice-cq");
    // On a core that is busy with the engine, waking up is no reason to interrupt it: the companion would take it over
    // for each completion, and a short call changed threads seven times. It is served as much, only later by a few ms.
    const sched_param ordinary{};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &ordinary);
    RunCompanion();
  });
}

void CompletionPump::RunCompanion() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    loop_.Post([tag, ok] { static_cast<CompletionTag*>(tag)->OnComplete(ok); });
  }
}

// The cache holds the first completion that this thread caused on this queue: usually our own operation's, but a write
// that finds the connection dead may complete another tag first, so anything is taken as it comes.
bool CompletionPump::Collect(CompletionTag* tag, bool* ok) {
  void* raw = nullptr;
  int success = 0;
  if (grpc_completion_queue_thread_local_cache_flush(queue_->cq(), &raw, &success) == 0) return false;
  void* done = raw;
  bool result = success != 0;
  // As CompletionQueue::Next does: the operation finishes its own bookkeeping and says which tag the user gave.
  if (!static_cast<grpc::internal::CompletionQueueTag*>(raw)->FinalizeResult(&done, &result)) return false;
  if (done == tag) {
    *ok = result;
    return true;
  }
  loop_.Post([done, result] { static_cast<CompletionTag*>(done)->OnComplete(result); });
  return false;
}

void CompletionPump::Shutdown() {
  queue_->Shutdown();
  if (!companion_.joinable()) return RunCompanion();  // never started: whatever there is, is drained here
  companion_.join();
}

}  // namespace sluice::edge
