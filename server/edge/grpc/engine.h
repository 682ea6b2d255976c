#ifndef SLUICE_SERVER_EDGE_GRPC_ENGINE_H_
#define SLUICE_SERVER_EDGE_GRPC_ENGINE_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "server/base/id.h"
#include "server/edge/grpc/completion_pump.h"
#include "server/edge/grpc/connections.h"
#include "server/edge/grpc/health_service.h"
#include "server/exchange/engine_context.h"
#include "server/loop/loop.h"
#include "server/loop/semaphore.h"
#include "sluice/v1/chat.grpc.pb.h"
#include "sluice/v1/models.grpc.pb.h"

namespace sluice::edge {

// The services of one server, shared by its engines.
struct Services {
  v1::ChatService::AsyncService chat;
  v1::ModelService::AsyncService models;
  HealthService health;
  std::shared_ptr<loop::Semaphore> open_calls;  // of the whole process
};

class Call;

// A call with something to do at the end of the loop's step: see GrpcEngine::NeedsFlush.
class Flushable {
 public:
  virtual ~Flushable() = default;
  virtual void Flush() = 0;

 private:
  friend class GrpcEngine;
  bool marked_ = false;
};

// The gRPC side of one engine: takes calls from its completion queue, and after each step of the loop writes what that
// brought for its streams. Each connection written to is corked up to the end of the loop's turn.
class GrpcEngine final : public loop::Source {
 public:
  // How many completion queues an engine has. Debian's gRPC keeps a list of the operations under way on a queue, and
  // looks through it from the front for each that completes; every open call has one under way that ends with it. With
  // 10,000 calls on one queue that would be most of a delta's cost. But each queue in use has a thread that waits on
  // it, and a new call takes longer to arrive the more of these there are: so a queue comes into use when those before
  // it have kCallsPerQueue.
  static constexpr size_t kQueues = 8;
  static constexpr int kCallsPerQueue = 256;

  // All arguments outlive the engine. `on_last_call_gone` is called once no call runs and none can come, on the thread
  // that turns the loop then; that happens only after the server's shutdown began.
  GrpcEngine(exchange::EngineContext* context, std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues,
             Services* services, Connections* connections, IdSource* ids, absl::AnyInvocable<void()> on_last_call_gone);
  ~GrpcEngine() override;

  // Ends what still runs after `limit`, for the reason that the gateway stops, and kLastWords later the connections
  // that are left. On the loop's thread.
  void EndCallsAfter(absl::Duration limit);
  // For the statuses of the calls that a drain ends to reach their callers.
  static constexpr absl::Duration kLastWords = absl::Seconds(2);

  void Start();  // once the server runs: offers call slots. On the loop's thread or before it runs.
  // Says so to those who watch health; `until_told` is kept until gRPC has taken the last word of it, at most for about
  // three seconds. On the loop's thread.
  void StopServing(std::shared_ptr<void> until_told);
  bool serving() const { return serving_; }
  void Shutdown();  // once the server is shut down and the loop stands still; turns it until the last call is gone

  void OnStep() override;
  void OnTurnEnd() override;

  // For calls, on the loop's thread.
  CompletionPump* PumpForNextCall();
  void NeedsFlush(Flushable* call);  // once a step, however often it is asked
  void ForgetFlush(Flushable* call);
  void Remember(Call* call) { running_.insert(call); }
  void Forget(Call* call) { running_.erase(call); }
  CorkSet& corks() { return corks_; }
  const exchange::EngineContext& context() const { return *context_; }
  Services& services() { return *services_; }
  Connections& connections() { return *connections_; }
  IdSource& ids() { return *ids_; }
  void CallMade() { ++calls_; }
  void CallGone() {
    if (--calls_ == 0) on_last_call_gone_();
  }

 private:
  void EndCalls();
  void ForEachRunning(absl::FunctionRef<void(Call&)> visit);

  exchange::EngineContext* const context_;
  Services* const services_;
  Connections* const connections_;
  IdSource* const ids_;
  std::vector<std::unique_ptr<CompletionPump>> pumps_;
  CorkSet corks_;
  std::vector<Flushable*> flushable_;
  std::vector<Flushable*> flushing_;
  absl::AnyInvocable<void()> on_last_call_gone_;
  absl::flat_hash_set<Call*> running_;
  loop::Timer drain_timer_;
  loop::Timer close_timer_;
  absl::Duration drain_limit_;
  bool serving_ = true;
  int calls_ = 0;  // running and offered
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_ENGINE_H_
