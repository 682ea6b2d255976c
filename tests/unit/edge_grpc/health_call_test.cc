#include "server/edge/grpc/health_call.h"

#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/sync_stream.h>

#include <future>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "sluice/rpc/v1/health.pb.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using Reply = rpc::v1::HealthCheckResponse;

class HealthTest : public Rig {
 protected:
  grpc::Status Check(const std::string& service, Reply* reply) {
    const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check", grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ClientContext context;
    rpc::v1::HealthCheckRequest request;
    request.set_service(service);
    return grpc::internal::BlockingUnaryCall(channel_.get(), method, &context, request, reply);
  }

  std::unique_ptr<grpc::ClientReader<Reply>> Watch(grpc::ClientContext* context, const std::string& service) {
    static const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Watch",
                                                  grpc::internal::RpcMethod::SERVER_STREAMING);
    rpc::v1::HealthCheckRequest request;
    request.set_service(service);
    return std::unique_ptr<grpc::ClientReader<Reply>>(
        grpc::internal::ClientReaderFactory<Reply>::Create(channel_.get(), method, context, request));
  }
};

TEST_F(HealthTest, TheServerAndEachServiceCanBeAskedAbout) {
  for (const char* service : {"", "sluice.v1.ChatService", "sluice.v1.ModelService"}) {
    Reply reply;
    const grpc::Status status = Check(service, &reply);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(reply.status(), Reply::SERVING_STATUS_SERVING) << service;
  }
}

TEST_F(HealthTest, NobodyElsesHealthIsKnown) {
  Reply reply;
  EXPECT_EQ(Check("other.Service", &reply).error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext context;
  const auto watch = Watch(&context, "other.Service");
  ASSERT_TRUE(watch->Read(&reply));
  EXPECT_EQ(reply.status(), Reply::SERVING_STATUS_SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED) << "it stays open until then";
}

TEST_F(HealthTest, IsAnsweredWhenNoOtherCallIs) {
  open_calls_->SetLimits(0, 0);
  grpc::Status refused;
  Chat(Ask(), &refused);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  Reply reply;
  EXPECT_TRUE(Check("", &reply).ok());
  EXPECT_EQ(reply.status(), Reply::SERVING_STATUS_SERVING);
}

TEST_F(HealthTest, AWatchIsToldThatTheGatewayStopsAndEnds) {
  grpc::ClientContext context;
  const auto watch = Watch(&context, "");
  Reply reply;
  ASSERT_TRUE(watch->Read(&reply));
  EXPECT_EQ(reply.status(), Reply::SERVING_STATUS_SERVING);
  auto drained = std::async(std::launch::async, [this] { Drain(absl::Seconds(30)); });
  ASSERT_TRUE(watch->Read(&reply));
  EXPECT_EQ(reply.status(), Reply::SERVING_STATUS_NOT_SERVING);
  EXPECT_FALSE(watch->Read(&reply));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  drained.wait();
}

}  // namespace
}  // namespace sluice::edge
