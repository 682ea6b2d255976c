#include "server/edge/grpc/health_call.h"

namespace sluice::edge {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(3);

}  // namespace

HealthCheckCall::HealthCheckCall(GrpcEngine* engine, CompletionPump* pump)
    : Call(engine, pump, Admission::kAlways), writer_(&context()) {}

void HealthCheckCall::RequestNext(CompletionTag* tag) {
  engine().services().health.RequestCheck(&context(), &request_, &writer_, pump().queue(), tag);
}

void HealthCheckCall::OfferSuccessor() { (new HealthCheckCall(&engine(), engine().PumpForNextCall()))->Offer(); }

void HealthCheckCall::Begin() {
  HealthService::Response response;
  response.set_status(engine().serving() ? HealthService::Response::SERVING_STATUS_SERVING
                                         : HealthService::Response::SERVING_STATUS_NOT_SERVING);
  OperationStarted();
  bool ok = false;
  const bool done = pump().Issue(&finish_tag_, &ok, [&] {
    if (HealthService::Knows(request_.service())) {
      writer_.Finish(response, grpc::Status::OK, &finish_tag_);
    } else {
      writer_.FinishWithError(grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service"), &finish_tag_);
    }
  });
  if (done) OnFinished(ok);
}

HealthWatchCall::HealthWatchCall(GrpcEngine* engine, CompletionPump* pump)
    : Call(engine, pump, Admission::kAlways),
      writer_(&context()),
      // A write that the socket does not take may never come back, cancelled or not: nothing may wait for it.
      patience_(engine->context().loop, [this] {
        until_told_ = nullptr;
        context().TryCancel();
      }) {}

void HealthWatchCall::RequestNext(CompletionTag* tag) {
  engine().services().health.RequestWatch(&context(), &request_, &writer_, pump().queue(), tag);
}

void HealthWatchCall::OfferSuccessor() { (new HealthWatchCall(&engine(), engine().PumpForNextCall()))->Offer(); }

void HealthWatchCall::Begin() {
  if (!engine().serving()) return GatewayStops(nullptr);
  Tell();
}

void HealthWatchCall::GatewayStops(const std::shared_ptr<void>& until_told) {
  if (finished_) return;
  until_told_ = until_told;
  patience_.ArmAfter(kPatience);
  Tell();
}

HealthService::Response::ServingStatus HealthWatchCall::Status() const {
  if (!HealthService::Knows(request_.service())) return HealthService::Response::SERVING_STATUS_SERVICE_UNKNOWN;
  return engine().serving() ? HealthService::Response::SERVING_STATUS_SERVING
                            : HealthService::Response::SERVING_STATUS_NOT_SERVING;
}

void HealthWatchCall::Tell() {
  if (writing_ || finished_) return;
  if (told_ == Status()) {
    if (!engine().serving()) Finish();
    return;
  }
  told_ = Status();
  response_.set_status(*told_);
  writing_ = true;
  OperationStarted();
  bool ok = false;
  if (pump().Issue(&write_tag_, &ok, [&] { writer_.Write(response_, &write_tag_); })) OnWritten(ok);
}

void HealthWatchCall::OnWritten(bool ok) {
  writing_ = false;
  if (!ok || gone_) {
    Finish();
  } else {
    Tell();
  }
  OperationReturned();
}

void HealthWatchCall::Finish() {
  gone_ = true;
  if (writing_ || finished_) return;
  finished_ = true;
  until_told_ = nullptr;
  patience_.Cancel();
  OperationStarted();
  bool ok = false;
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "the gateway stops");
  if (pump().Issue(&finish_tag_, &ok, [&] { writer_.Finish(status, &finish_tag_); })) OnFinished(ok);
}

}  // namespace sluice::edge
