#include "server/edge/grpc/complete_call.h"

#include <utility>
#include <vector>

#include "server/edge/grpc/error_to_status.h"
#include "server/edge/grpc/request_from_proto.h"
#include "server/edge/grpc/upstream_key.h"
#include "server/edge/grpc/violations.h"
#include "server/exchange/failures.h"

namespace sluice::edge {

CompleteCall::CompleteCall(GrpcEngine* engine, CompletionPump* pump) : Call(engine, pump), writer_(&context()) {}

CompleteCall::~CompleteCall() { engine().ForgetFlush(this); }

void CompleteCall::RequestNext(CompletionTag* tag) {
  grpc::ServerCompletionQueue* queue = pump().queue();
  engine().services().chat.RequestComplete(&context(), &request_, &writer_, queue, queue, tag);
}

void CompleteCall::OfferSuccessor() { (new CompleteCall(&engine(), engine().PumpForNextCall()))->Offer(); }

void CompleteCall::Arrive() {
  const exchange::EngineContext& host = engine().context();
  ledger_.emplace(host.loop.clock(), exchange::Operation::kComplete, TakeRequestId(), context().peer(), host.plan);
  exchange::CallFacts facts = Facts();
  facts.request_field = "chat";
  facts.request_bytes = request_.ByteSizeLong();
  ledger_->AddBytesFromCaller(facts.request_bytes);
  exchange_.emplace(host, std::move(facts), &*ledger_, static_cast<exchange::Consumer*>(this));
}

void CompleteCall::Begin() {
  if (const auto fault = FaultOfUpstreamKey(context().client_metadata())) return Refuse(*fault);
  // Of no effect on a gathered reply, which always has the usage.
  request_.mutable_chat()->clear_stream_options();
  request_.mutable_chat()->clear_heartbeat_interval();
  std::vector<chat::FieldViolation> violations;
  Violations(&violations).RefuseUnknownFields(request_, Place());
  chat::Request request = RequestFromProto(request_.mutable_chat(), &violations);
  request_.Clear();
  exchange_->Start(std::move(request), std::move(violations));
}

void CompleteCall::OnDelta(const chat::Delta& delta) {
  gatherer_.Add(delta);
  engine().NeedsFlush(this);
}

void CompleteCall::OnAnnotation(const chat::Annotation& annotation) {
  gatherer_.Add(annotation);
  engine().NeedsFlush(this);
}

void CompleteCall::OnModeration(const chat::Moderation& moderation) {
  gatherer_.Add(moderation);
  engine().NeedsFlush(this);
}

// As with Chat, whose output leaves then, an answer that has begun is not asked for again: it would be paid for twice.
void CompleteCall::Flush() {
  if (finished_) return;
  const size_t most = exchange_->plan().limits.complete_bytes;
  if (gatherer_.bytes() > most) return exchange_->Fail(exchange::AnswerTooLarge(most));
  exchange_->Commit();
}

void CompleteCall::OnEnd(const chat::Error* error) {
  const size_t most = exchange_->plan().limits.complete_bytes;
  if (error != nullptr || gatherer_.response().ByteSizeLong() <= most) return Finish(error);
  const chat::Error too_large = exchange::AnswerTooLarge(most);
  Finish(&too_large);
}

void CompleteCall::Finish(const chat::Error* error) {
  finished_ = true;
  const v1::CompleteResponse& response = gatherer_.response();
  if (error != nullptr) ForbidRetry(*error);
  if (error == nullptr) ledger_->AddBytesToCaller(response.ByteSizeLong());
  ledger_->Close(error);
  OperationStarted();
  bool ok = false;
  const bool done = pump().Issue(&finish_tag_, &ok, [&] {
    if (error == nullptr) {
      writer_.Finish(response, grpc::Status::OK, &finish_tag_);
    } else {
      writer_.FinishWithError(ErrorToStatus(*error, response.has_usage() ? &response.usage() : nullptr), &finish_tag_);
    }
  });
  if (done) OnFinishedWriting(ok);
}

void CompleteCall::OnFinishedWriting(bool) { OperationReturned(); }

void CompleteCall::CallerGone(const chat::Error& why) {
  if (finished_) return;
  exchange_->Abort(why);
  Finish(&why);
}

}  // namespace sluice::edge
