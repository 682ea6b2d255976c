// A rolling restart: callers with two addresses lose nothing while one gateway after the other stops and comes back.

#include <signal.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/harness.h"
#include "tests/integration/process.h"

namespace sluice::integration {
namespace {

constexpr int kDeltas = 20;

std::string TextOf(int delta) { return absl::StrCat("<", delta, ">"); }

// Streams numbered deltas, a little apart, so that a restart always finds streams under way.
void Stream(const ReceivedRequest& request, Conversation& conversation) {
  if (request.method == "GET") {
    conversation.SendReply(200, R"({"data":[]})");
    return;
  }
  conversation.StartSse();
  for (int i = 0; i < kDeltas; ++i) {
    conversation.SendSse(chunks::Text(TextOf(i)));
    conversation.WaitClosedByPeer(1);
  }
  conversation.SendSse(chunks::Finish());
  conversation.SendSse(chunks::kDone);
  conversation.EndChunks();
}

class Rollout : public ::testing::Test {
 protected:
  Rollout() {
    ScriptedUpstream::Options server;
    server.tls = true;
    upstream_ = std::make_unique<ScriptedUpstream>(server, &Stream);
    for (int i = 0; i < kDeltas; ++i) whole_ += TextOf(i);
  }
  std::unique_ptr<GatewayProcess> StartGateway(int port) {
    const std::string config = dir_.Write(
        absl::StrCat("sluice", ++configs_, ".yaml"),
        absl::StrCat("listen: {grpc: {address: \"127.0.0.1:", port, "\"}, ops: \"127.0.0.1:0\"}\nengines: 2\n",
                     "upstreams: {a: {dialect: openai, base_url: \"", upstream_->Url("/v1"), "\", ca_file: \"",
                     dir_.Write("ca.pem", upstream_->ca_pem()), "\"}}\n"));
    return std::make_unique<GatewayProcess>(dir_, config, std::map<std::string, std::string>());
  }
  // One after another until told to stop.
  void KeepAsking(const Client& client) {
    while (!stop_) {
      const Answer answer = ReadAll(client.Chat(Ask()));
      ++asked_;
      if (answer.status.ok() && answer.text == whole_) continue;
      ++lost_;
      const std::lock_guard lock(mutex_);
      losses_.push_back(absl::StrCat(answer.status.ToString(), " after ", answer.deltas, " deltas"));
    }
  }

  TempDir dir_;
  std::unique_ptr<ScriptedUpstream> upstream_;
  std::string whole_;
  int configs_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> asked_{0}, lost_{0};
  std::mutex mutex_;
  std::vector<std::string> losses_;
};

TEST_F(Rollout, LosesNoCallOfAClientWithTwoAddresses) {
  std::vector<std::unique_ptr<GatewayProcess>> gateways;
  for (int i = 0; i < 2; ++i) {
    gateways.push_back(StartGateway(0));
    ASSERT_NE(gateways.back()->grpc_port, 0) << gateways.back()->process.output();
  }
  ClientOptions options;
  options.address = absl::StrCat("ipv4:127.0.0.1:", gateways[0]->grpc_port, ",127.0.0.1:", gateways[1]->grpc_port);
  const Client client(options);
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) callers.emplace_back([&] { KeepAsking(client); });
  // A rollout goes on when the callers have found the new instance.
  const auto wait_until_used = [](const GatewayProcess& gateway) {
    ASSERT_TRUE(Eventually([&] {
      return Metrics(Fetch(gateway.ops_port, "/metrics").body).Sum("sluice_calls_total", {{"code", "OK"}}) > 50;
    }));
  };
  for (int round = 0; round < 3; ++round) {
    for (auto& gateway : gateways) {
      wait_until_used(*gateways[0]);
      wait_until_used(*gateways[1]);
      const int port = gateway->grpc_port;
      gateway->process.Signal(SIGTERM);
      EXPECT_EQ(gateway->process.Wait(), 0) << gateway->process.output();
      gateway = StartGateway(port);
      ASSERT_EQ(gateway->grpc_port, port) << gateway->process.output();
    }
  }
  wait_until_used(*gateways.back());
  stop_ = true;
  for (std::thread& caller : callers) caller.join();
  std::printf("rolling restart: %d calls, 6 restarts, %d lost\n", asked_.load(), lost_.load());
  EXPECT_EQ(lost_, 0);
  for (const std::string& loss : losses_) std::printf("  lost: %s\n", loss.c_str());
}

}  // namespace
}  // namespace sluice::integration
