#ifndef SLUICE_SERVER_EDGE_GRPC_LIST_MODELS_CALL_H_
#define SLUICE_SERVER_EDGE_GRPC_LIST_MODELS_CALL_H_

#include <grpcpp/support/async_unary_call.h>

#include <optional>
#include <vector>

#include "server/edge/grpc/call.h"
#include "server/edge/grpc/engine.h"
#include "server/exchange/model_lister.h"

namespace sluice::edge {

// One ListModels call: asks every upstream, and answers with the models that routes lead to and the faults of those
// upstreams that did not reply.
class ListModelsCall final : public Call {
 public:
  ListModelsCall(GrpcEngine* engine, CompletionPump* pump);

 private:
  void RequestNext(CompletionTag* tag) override;
  void OfferSuccessor() override;
  void Arrive() override { TakeRequestId(); }
  void Begin() override;
  void Refuse(const chat::Error& why) override;
  void CallerGone(const chat::Error& why) override;

  void Finish(const grpc::Status& status);
  void OnFinishedWriting(bool ok);

  v1::ListModelsRequest request_;
  v1::ListModelsResponse response_;
  grpc::ServerAsyncResponseWriter<v1::ListModelsResponse> writer_;
  std::shared_ptr<const exchange::Plan> plan_;
  std::optional<exchange::ModelLister> lister_;
  MemberTag<ListModelsCall, &ListModelsCall::OnFinishedWriting> finish_tag_{this};
  bool finished_ = false;
};

// The reply: what callers can name (exchange/catalog.h), and which upstreams could not be asked.
v1::ListModelsResponse ModelsToProto(const exchange::Plan& plan, const std::vector<exchange::ModelReport>& reports);

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_LIST_MODELS_CALL_H_
