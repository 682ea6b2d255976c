#include "server/edge/grpc/list_models_call.h"

#include <map>
#include <string>
#include <utility>

#include "server/chat/status.h"
#include "server/edge/grpc/error_to_status.h"

namespace sluice::edge {
namespace {

// A list that takes longer is of no use to anybody who waits for it.
constexpr absl::Duration kLimit = absl::Seconds(20);

}  // namespace

v1::ListModelsResponse MergeModels(const std::vector<exchange::ModelReport>& reports) {
  v1::ListModelsResponse response;
  std::map<std::string, v1::Model> by_id;
  for (const exchange::ModelReport& report : reports) {
    if (report.error != nullptr) {
      v1::UpstreamFailure* failure = response.add_failures();
      failure->set_upstream(report.upstream);
      failure->set_reason(chat::Reason(report.error->kind));
      failure->set_message(report.error->message);
      continue;
    }
    for (const dialect::Model& model : report.models) {
      v1::Model& entry = by_id[model.id];
      entry.set_id(model.id);
      if (entry.owned_by().empty()) entry.set_owned_by(model.owner);
      if (model.created && !entry.has_created()) entry.set_created(*model.created);
      entry.add_upstreams(report.upstream);
    }
  }
  for (auto& [id, model] : by_id) *response.add_models() = std::move(model);
  return response;
}

ListModelsCall::ListModelsCall(GrpcEngine* engine, CompletionPump* pump) : Call(engine, pump), writer_(&context()) {}

void ListModelsCall::RequestNext(CompletionTag* tag) {
  grpc::ServerCompletionQueue* queue = pump().queue();
  engine().services().models.RequestListModels(&context(), &request_, &writer_, queue, queue, tag);
}

void ListModelsCall::OfferSuccessor() { (new ListModelsCall(&engine(), engine().PumpForNextCall()))->Offer(); }

void ListModelsCall::Begin() {
  lister_.emplace(engine().context(), kLimit, [this](std::vector<exchange::ModelReport> reports) {
    response_ = MergeModels(reports);
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
