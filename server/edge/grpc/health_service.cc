#include "server/edge/grpc/health_service.h"

#include <grpcpp/impl/codegen/rpc_service_method.h>

#include "sluice/v1/chat.grpc.pb.h"
#include "sluice/v1/models.grpc.pb.h"

namespace sluice::edge {

HealthService::HealthService() {
  using grpc::internal::RpcMethod;
  using grpc::internal::RpcServiceMethod;
  AddMethod(new RpcServiceMethod("/grpc.health.v1.Health/Check", RpcMethod::NORMAL_RPC, nullptr));
  AddMethod(new RpcServiceMethod("/grpc.health.v1.Health/Watch", RpcMethod::SERVER_STREAMING, nullptr));
  MarkMethodAsync(kCheck);
  MarkMethodAsync(kWatch);
}

bool HealthService::Knows(absl::string_view service) {
  return service.empty() || service == v1::ChatService::service_full_name() ||
         service == v1::ModelService::service_full_name();
}

}  // namespace sluice::edge
