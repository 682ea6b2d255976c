#ifndef SLUICE_SERVER_EDGE_GRPC_CALL_H_
#define SLUICE_SERVER_EDGE_GRPC_CALL_H_

#include <grpcpp/server_context.h>

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/chat/error.h"
#include "server/edge/grpc/completion_pump.h"
#include "server/exchange/exchange.h"

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

 protected:
  explicit Call(GrpcEngine* engine);

  // The service's RequestXxx with `tag`.
  virtual void RequestNext(CompletionTag* tag) = 0;
  // Makes and offers the object for the call after this one.
  virtual void OfferSuccessor() = 0;
  // A call came: its request is there.
  virtual void Begin() = 0;
  // The caller cancelled, hung up or ran out of time. `why` says which. Comes at most once, after Begin, and not when
  // the call had ended before.
  virtual void CallerGone(const chat::Error& why) = 0;

  // Operations: announce each with Started before issuing, and end each completion's handler with Returned, after
  // which `this` may be gone.
  void OperationStarted() { ++pending_; }
  void OperationReturned();

  GrpcEngine& engine() { return *engine_; }
  grpc::ServerContext& context() { return context_; }
  // The caller's x-request-id if it is one that may be shown, else a new one. Also echoes it.
  std::string TakeRequestId();
  exchange::CallFacts Facts() const;

 private:
  absl::Duration TimeLeft() const;
  void OnNew(bool ok);
  void OnDone(bool ok);

  GrpcEngine* const engine_;
  grpc::ServerContext context_;
  MemberTag<Call, &Call::OnNew> new_tag_{this};
  MemberTag<Call, &Call::OnDone> done_tag_{this};
  absl::Duration deadline_slack_;  // a cancellation so shortly before the deadline is the deadline's
  int pending_ = 0;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_CALL_H_
