#ifndef SLUICE_SERVER_EDGE_GRPC_COMPLETION_PUMP_H_
#define SLUICE_SERVER_EDGE_GRPC_COMPLETION_PUMP_H_

#include <grpc/grpc.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <thread>

#include "server/loop/loop.h"

namespace sluice::edge {

// What a completion queue's tag points to. OnComplete runs on the engine's thread, once an operation.
class CompletionTag {
 public:
  virtual ~CompletionTag() = default;
  virtual void OnComplete(bool ok) = 0;
};

// Binds a tag to a member function: one per kind of operation an object has in flight.
template <typename Owner, void (Owner::*kMethod)(bool)>
class MemberTag final : public CompletionTag {
 public:
  explicit MemberTag(Owner* owner) : owner_(owner) {}
  void OnComplete(bool ok) override { (owner_->*kMethod)(ok); }

 private:
  Owner* const owner_;
};

// One engine's gRPC completion queue. Operations that complete while they are issued (nearly every write) are handed
// back on the spot through gRPC's thread-local completion cache and never touch the queue; the rest (new calls, the
// caller's cancel, writes that had to wait for the peer) are awaited by a small companion thread that posts them to the
// engine's loop. So nobody polls, and a delta's path has no thread change.
class CompletionPump {
 public:
  // Before the server is built.
  CompletionPump(loop::Loop& loop, std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // After Shutdown. The loop must not run any more, or be this thread.
  ~CompletionPump();
  CompletionPump(const CompletionPump&) = delete;
  CompletionPump& operator=(const CompletionPump&) = delete;

  void Start();  // once the server runs; idempotent

  // The calls that run on the queue, as its owner counts them.
  int calls() const { return calls_; }
  void CallCame() { ++calls_; }
  void CallWent() { --calls_; }

  // On the engine's thread: runs `issue`, which starts one operation with `tag`. True when the operation completed
  // at once (`*ok` is its result, OnComplete is not called); false when OnComplete will come later.
  template <typename F>
  bool Issue(CompletionTag* tag, bool* ok, F&& issue) {
    grpc_completion_queue_thread_local_cache_init(queue_->cq());
    issue();
    return Collect(tag, ok);
  }

  // The server is shut down: no operation is issued from here on. Returns when the queue is empty and the companion
  // has ended; completions it still brought are in the loop's mailbox.
  void Shutdown();

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

 private:
  bool Collect(CompletionTag* tag, bool* ok);
  void RunCompanion();

  loop::Loop& loop_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread companion_;
  int calls_ = 0;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_COMPLETION_PUMP_H_
