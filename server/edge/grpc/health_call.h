#ifndef SLUICE_SERVER_EDGE_GRPC_HEALTH_CALL_H_
#define SLUICE_SERVER_EDGE_GRPC_HEALTH_CALL_H_

#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <memory>
#include <optional>

#include "server/edge/grpc/call.h"
#include "server/edge/grpc/engine.h"
#include "server/edge/grpc/health_service.h"
#include "server/loop/loop.h"

namespace sluice::edge {

// One Check: is the server, or one service of it, taking calls?
class HealthCheckCall final : public Call {
 public:
  HealthCheckCall(GrpcEngine* engine, CompletionPump* pump);

 private:
  void RequestNext(CompletionTag* tag) override;
  void OfferSuccessor() override;
  void Begin() override;
  void Refuse(const chat::Error&) override {}  // it is answered in Begin
  void CallerGone(const chat::Error&) override {}

  void OnFinished(bool) { OperationReturned(); }

  HealthService::Request request_;
  grpc::ServerAsyncResponseWriter<HealthService::Response> writer_;
  MemberTag<HealthCheckCall, &HealthCheckCall::OnFinished> finish_tag_{this};
};

// One Watch: told how it stands at once and whenever that changes. It ends when the gateway stops, after word of that.
// One that does not read holds nothing up, but for its own connection, which the drain ends after its limit.
class HealthWatchCall final : public Call {
 public:
  HealthWatchCall(GrpcEngine* engine, CompletionPump* pump);

 private:
  void RequestNext(CompletionTag* tag) override;
  void OfferSuccessor() override;
  void Begin() override;
  void GatewayStops(const std::shared_ptr<void>& until_told) override;
  void Refuse(const chat::Error&) override { Finish(); }
  void CallerGone(const chat::Error&) override { Finish(); }

  HealthService::Response::ServingStatus Status() const;
  void Tell();
  void Finish();
  void OnWritten(bool ok);
  void OnFinished(bool) { OperationReturned(); }

  HealthService::Request request_;
  HealthService::Response response_;
  grpc::ServerAsyncWriter<HealthService::Response> writer_;
  std::optional<HealthService::Response::ServingStatus> told_;
  loop::Timer patience_;  // for a watcher that does not read, while the gateway stops
  std::shared_ptr<void> until_told_;
  MemberTag<HealthWatchCall, &HealthWatchCall::OnWritten> write_tag_{this};
  MemberTag<HealthWatchCall, &HealthWatchCall::OnFinished> finish_tag_{this};
  bool writing_ = false;
  bool gone_ = false;
  bool finished_ = false;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_HEALTH_CALL_H_
