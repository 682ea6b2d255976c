#include "server/edge/grpc/list_models_call.h"

#include <string>
#include <utility>

#include "server/chat/status.h"
#include "server/edge/grpc/error_to_status.h"
#include "server/exchange/catalog.h"

namespace sluice::edge {
namespace {

// A list that takes longer is of no use to anybody who waits for it.
constexpr absl::Duration kLimit = absl::Seconds(20);

}  // namespace

v1::ListModelsResponse ModelsToProto(const exchange::Plan& plan, const std::vector<exchange::ModelReport>& reports) {
  v1::ListModelsResponse response;
  for (const exchange::ModelReport& report : reports) {
    if (report.error == nullptr) continue;
    v1::UpstreamFailure* failure = response.add_failures();
    failure->set_upstream(report.upstream);
    failure->set_reason(chat::Reason(report.error->kind));
    failure->set_message(report.error->message);
  }
  for (const exchange::CatalogEntry& entry : exchange::MakeCatalog(plan, reports)) {
    v1::Model* model = response.add_models();
    model->set_id(entry.model.id);
    model->set_owned_by(entry.model.owner);
    if (entry.model.created) model->set_created(*entry.model.created);
    if (entry.model.context_length) model->set_context_length(*entry.model.context_length);
    for (const std::string& upstream : entry.upstreams) model->add_upstreams(upstream);
  }
  return response;
}

ListModelsCall::ListModelsCall(GrpcEngine* engine, CompletionPump* pump) : Call(engine, pump), writer_(&context()) {}

void ListModelsCall::RequestNext(CompletionTag* tag) {
  grpc::ServerCompletionQueue* queue = pump().queue();
  engine().services().models.RequestListModels(&context(), &request_, &writer_, queue, queue, tag);
}

void ListModelsCall::OfferSuccessor() { (new ListModelsCall(&engine(), engine().PumpForNextCall()))->Offer(); }

void ListModelsCall::Begin() {
  plan_ = engine().context().plan;  // a reload may put another in its place meanwhile
  lister_.emplace(engine().context(), kLimit, [this](std::vector<exchange::ModelReport> reports) {
    response_ = ModelsToProto(*plan_, reports);
    Finish(grpc::Status::OK);
  });
}

void ListModelsCall::Refuse(const chat::Error& why) {
  if (finished_) return;
  lister_.reset();
  Finish(ErrorToStatus(why));
}

void ListModelsCall::CallerGone(const chat::Error& why) { Refuse(why); }

void ListModelsCall::Finish(const grpc::Status& status) {
  finished_ = true;
  OperationStarted();
  bool ok = false;
  const bool done = pump().Issue(&finish_tag_, &ok, [&] {
    if (status.ok()) {
      writer_.Finish(response_, status, &finish_tag_);
    } else {
      writer_.FinishWithError(status, &finish_tag_);
    }
  });
  if (done) OnFinishedWriting(ok);
}

void ListModelsCall::OnFinishedWriting(bool) { OperationReturned(); }

}  // namespace sluice::edge
