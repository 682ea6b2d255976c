#ifndef SLUICE_SERVER_EDGE_GRPC_HEALTH_SERVICE_H_
#define SLUICE_SERVER_EDGE_GRPC_HEALTH_SERVICE_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include "absl/strings/string_view.h"
#include "sluice/rpc/v1/health.pb.h"

namespace sluice::edge {

// grpc.health.v1.Health for the engines' own queues, as generated code would have it. The ready-made service of gRPC
// is not used: it is served by threads of its own, which then also wait on all callers' sockets and wake up for what is
// the engines' to read. That cost 10% of all CPU a delta, and threads that were idle for a second sleep 100 ms.
class HealthService final : public grpc::Service {
 public:
  using Request = rpc::v1::HealthCheckRequest;
  using Response = rpc::v1::HealthCheckResponse;

  HealthService();

  void RequestCheck(grpc::ServerContext* context, Request* request, grpc::ServerAsyncResponseWriter<Response>* writer,
                    grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(kCheck, context, request, writer, queue, queue, tag);
  }
  void RequestWatch(grpc::ServerContext* context, Request* request, grpc::ServerAsyncWriter<Response>* writer,
                    grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncServerStreaming(kWatch, context, request, writer, queue, queue, tag);
  }

  // Whether `service` is one that can be asked about: "" is the server as a whole.
  static bool Knows(absl::string_view service);

 private:
  enum Method { kCheck, kWatch };
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_HEALTH_SERVICE_H_
