#ifndef SLUICE_TESTS_UNIT_EDGE_GRPC_RIG_H_
#define SLUICE_TESTS_UNIT_EDGE_GRPC_RIG_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/fake_id.h"
#include "server/edge/grpc/server.h"
#include "sluice/rpc/v1/status.pb.h"
#include "sluice/v1/chat.grpc.pb.h"
#include "sluice/v1/models.grpc.pb.h"
#include "tests/unit/exchange/world.h"

namespace sluice::edge {

using Script = std::function<void(upstream::FakeCall&)>;

// A real gRPC server with one engine on a thread of its own, whose upstream the test plays by a script, and a channel
// to it. The plan is exchange::MakePlan's.
class Rig : public ::testing::Test {
 protected:
  Rig();
  ~Rig() override;
  void SetUp() override { Serve(); }

  void Serve();  // with the plan as it is now
  void Drain(absl::Duration limit) { server_->Drain(limit); }
  // What the upstream does with each request, in a turn after the one that sends it.
  void SetScript(Script script);
  void OnLoop(const std::function<void()>& task);  // runs it there and waits for it
  // Waits until `true_now`, which runs on the loop after each change of the first transfer, is true.
  void WaitForUpstream(const std::function<bool(const upstream::FakeCall&)>& true_now);
  std::vector<std::string> log();

  static v1::ChatRequest Ask(const std::string& model = "gpt-4.1");
  // All events of one Chat as text, one line each; `status` gets how it ended.
  std::vector<std::string> Chat(const v1::ChatRequest& request, grpc::Status* status);
  std::vector<std::string> Chat(grpc::ClientContext* context, const v1::ChatRequest& request, grpc::Status* status);

  std::mutex mutex_;  // guards what the loop's thread shares with the test
  std::condition_variable changed_;
  std::vector<std::string> log_;
  Script script_;

  loop::Loop loop_{Clock::Real()};
  upstream::FakeClient client_;
  telemetry::Metrics metrics_;
  std::shared_ptr<exchange::Plan> plan_ = exchange::MakePlan(metrics_);
  exchange::EngineContext context_{loop_, client_, plan_};
  FakeIdSource ids_;
  std::shared_ptr<loop::Semaphore> open_calls_ = std::make_shared<loop::Semaphore>(1000);
  std::unique_ptr<GrpcServer> server_;
  std::thread thread_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ChatService::Stub> chat_;
  std::unique_ptr<v1::ModelService::Stub> models_;
};

// Out of a status's details.
std::string ReasonOf(const grpc::Status& status);
std::vector<std::string> FieldsOf(const grpc::Status& status);
std::map<std::string, std::string> MetadataOf(const grpc::Status& status);  // of ErrorInfo
v1::Usage UsageOf(const grpc::Status& status);

}  // namespace sluice::edge

#endif  // SLUICE_TESTS_UNIT_EDGE_GRPC_RIG_H_
