#include "server/edge/grpc/list_models_call.h"

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

exchange::ModelReport Report(const std::string& upstream, std::vector<dialect::Model> models) {
  exchange::ModelReport report;
  report.upstream = upstream;
  report.models = std::move(models);
  return report;
}

TEST(ModelsToProtoTest, ModelsWithAllThatIsKnownAndUpstreamsThatFailed) {
  exchange::Plan plan;
  for (const char* name : {"one", "two"}) {
    auto backend = std::make_shared<exchange::Backend>();
    backend->name = name;
    plan.backends.push_back(std::move(backend));
  }
  plan.router = route::Router({{"*", 0, ""}, {"mine", 1, "m3"}});
  std::vector<exchange::ModelReport> reports;
  reports.push_back(Report("one", {{"m2", "", std::nullopt, std::nullopt}, {"m1", "acme", 7, 128'000}}));
  exchange::ModelReport down;
  down.upstream = "two";
  down.error = std::make_unique<chat::Error>();
  down.error->kind = chat::ErrorKind::kUnreachable;
  down.error->message = "cannot be reached";
  reports.push_back(std::move(down));

  const v1::ListModelsResponse response = ModelsToProto(plan, reports);
  ASSERT_EQ(response.models_size(), 3);
  EXPECT_EQ(response.models(0).ShortDebugString(),
            R"(id: "m1" owned_by: "acme" created: 7 context_length: 128000 upstreams: "one")");
  EXPECT_EQ(response.models(1).ShortDebugString(), R"(id: "m2" upstreams: "one")");
  EXPECT_EQ(response.models(2).ShortDebugString(), R"(id: "mine" upstreams: "two")");
  ASSERT_EQ(response.failures_size(), 1);
  EXPECT_EQ(response.failures(0).upstream(), "two");
  EXPECT_EQ(response.failures(0).reason(), "UPSTREAM_UNREACHABLE");
}

using ListModelsCallTest = Rig;

TEST_F(ListModelsCallTest, AsksTheUpstreamsAndMerges) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(call.destination->name == "relay" ? 200 : 503);
    call.Body(R"({"data":[{"id":"gpt-4.1"}]})");
    call.End();
  });
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  const grpc::Status status = models_->ListModels(&context, {}, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.models_size(), 2);
  EXPECT_EQ(response.models(0).id(), "fast") << "a route of its own, though its upstream is down";
  EXPECT_EQ(response.models(1).id(), "gpt-4.1");
  ASSERT_EQ(response.failures_size(), 1);
  EXPECT_EQ(response.failures(0).upstream(), "local");
}

TEST_F(ListModelsCallTest, ACallerThatLeavesClosesTheQueries) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  v1::ListModelsResponse response;
  EXPECT_EQ(models_->ListModels(&context, {}, &response).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  WaitForUpstream([](const auto& call) { return call.closed; });
}

}  // namespace
}  // namespace sluice::edge
