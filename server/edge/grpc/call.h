#ifndef SLUICE_SERVER_EDGE_GRPC_CALL_H_
#define SLUICE_SERVER_EDGE_GRPC_CALL_H_

#include <grpcpp/server_context.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/chat/error.h"
#include "server/edge/grpc/completion_pump.h"
#include "server/exchange/exchange.h"
#include "server/loop/loop.h"
#include "server/loop/semaphore.h"

namespace sluice::edge {

class GrpcEngine;

// One RPC from the slot that waits for it to its last completion; the part that all methods share. Lives on one
// engine's thread, owns itself, and is gone when every operation it started has come back.
class Call {
 public:
  virtual ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Offers this object to gRPC as the next call of its method.
  void Offer();
  // For the engine, on a call that came.
  void EndNow(const chat::Error& why);
  // The server stops taking calls. Those that run may go on; whoever only watches is told so now, and keeps
  // `until_told` until that word is on its way.
  virtual void GatewayStops(const std::shared_ptr<void>& /*until_told*/) {}

 protected:
  // kLimited: counts among limits.open_calls, and waits for its turn.
  enum class Admission { kLimited, kAlways };

  // `pump` is the engine's queue that this call comes from, and all its operations complete on.
  Call(GrpcEngine* engine, CompletionPump* pump, Admission admission = Admission::kLimited);

  // The service's RequestXxx with `tag`.
  virtual void RequestNext(CompletionTag* tag) = 0;
  // Makes and offers the object for the call after this one.
  virtual void OfferSuccessor() = 0;
  // A call came: its request is there. Begin, Refuse or CallerGone follows, now or after a wait for its turn.
  virtual void Arrive() {}
  virtual void Begin() = 0;
  // The gateway ends the call: before Begin, because it cannot be taken, or later, because the gateway stops. The
  // caller is to get this error.
  virtual void Refuse(const chat::Error& why) = 0;
  // The caller cancelled, hung up or ran out of time. `why` says which. Comes at most once, after Arrive, and not when
  // the call had ended before.
  virtual void CallerGone(const chat::Error& why) = 0;

  // Operations: announce each with Started before issuing, and end each completion's handler with Returned, after
  // which `this` may be gone.
  void OperationStarted() { ++pending_; }
  void OperationReturned();

  GrpcEngine& engine() const { return *engine_; }
  CompletionPump& pump() const { return *pump_; }
  grpc::ServerContext& context() { return context_; }
  // The caller's x-request-id if it is one that may be shown, else a new one. Also echoes it.
  std::string TakeRequestId();
  exchange::CallFacts Facts() const;  // the upstream key unchecked: see upstream_key.h
  // A client that retries by itself (gRPC's retry policies) must not ask again where upstreams have been asked already:
  // the gateway has done what retries can do, and attempts would multiply (gRFC A6, pushback).
  void ForbidRetry(const chat::Error& error);

 private:
  absl::Duration TimeLeft() const;
  void WaitForTurn();
  void StopWaiting();
  void OnNew(bool ok);
  void OnDone(bool ok);

  GrpcEngine* const engine_;
  CompletionPump* const pump_;
  const Admission admission_;
  grpc::ServerContext context_;
  MemberTag<Call, &Call::OnNew> new_tag_{this};
  MemberTag<Call, &Call::OnDone> done_tag_{this};
  absl::Duration deadline_slack_;          // a cancellation so shortly before the deadline is the deadline's
  std::optional<loop::Permit> turn_;       // one of limits.open_calls
  std::optional<loop::Timer> turn_timer_;  // while it waits for that
  bool came_ = false;
  int pending_ = 0;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_CALL_H_
