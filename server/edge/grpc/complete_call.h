#ifndef SLUICE_SERVER_EDGE_GRPC_COMPLETE_CALL_H_
#define SLUICE_SERVER_EDGE_GRPC_COMPLETE_CALL_H_

#include <grpcpp/support/async_unary_call.h>

#include <optional>

#include "server/edge/grpc/call.h"
#include "server/edge/grpc/engine.h"
#include "server/edge/grpc/gatherer.h"
#include "server/exchange/exchange.h"
#include "server/exchange/ledger.h"

namespace sluice::edge {

// One Complete call: the same exchange as Chat's, gathered into one reply.
class CompleteCall final : public Call, private exchange::Consumer, private Flushable {
 public:
  CompleteCall(GrpcEngine* engine, CompletionPump* pump);
  ~CompleteCall() override;

 private:
  void RequestNext(CompletionTag* tag) override;
  void OfferSuccessor() override;
  void Arrive() override;
  void Begin() override;
  void Refuse(const chat::Error& why) override { exchange_->Fail(why); }
  void CallerGone(const chat::Error& why) override;

  void OnStarted(const exchange::Started& started) override { gatherer_.Add(started); }
  void OnWarning(const chat::Warning& warning) override { gatherer_.Add(warning); }
  void OnDelta(const chat::Delta& delta) override;
  void OnAnnotation(const chat::Annotation& annotation) override;
  void OnModeration(const chat::Moderation& moderation) override;
  void OnFinished(const chat::Finished& finished) override { gatherer_.Add(finished); }
  void OnUsage(const chat::Usage& usage) override { gatherer_.Add(usage); }
  void OnRetract() override { gatherer_ = Gatherer(); }
  void OnEnd(const chat::Error* error) override;
  // Flushable
  void Flush() override;

  void Finish(const chat::Error* error);
  void OnFinishedWriting(bool ok);

  v1::CompleteRequest request_;
  grpc::ServerAsyncResponseWriter<v1::CompleteResponse> writer_;
  std::optional<exchange::Ledger> ledger_;
  std::optional<exchange::Exchange> exchange_;
  Gatherer gatherer_;
  MemberTag<CompleteCall, &CompleteCall::OnFinishedWriting> finish_tag_{this};
  bool finished_ = false;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_COMPLETE_CALL_H_
