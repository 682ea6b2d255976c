// Stopping: nobody new is let in, those who are in finish, up to a limit.

#include <signal.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/harness.h"
#include "tests/integration/process.h"
#include "tests/integration/raw_call.h"

namespace sluice::integration {
namespace {

class Draining : public GatewayTest {
 protected:
  // Streams one delta, then a second and the end once `release_` is set; whoever asks for "late" is answered at once.
  void StartStreaming(const Options& options = {}) {
    Start(
        [this](const ReceivedRequest& request, Conversation& conversation) {
          if (absl::StrContains(request.body, "late")) return Reply(conversation, TextReply({"x"}));
          conversation.StartSse();
          conversation.SendSse(chunks::Text("first "));
          if (!conversation.WaitFor(release_)) {
            closed_.Set();
            return;
          }
          conversation.SendSse(chunks::Text("second"));
          conversation.SendSse(chunks::Finish());
          conversation.SendSse(chunks::kDone);
          conversation.EndChunks();
        },
        options);
  }

  fakes::Event release_, closed_;
};
SLUICE_WITH_ENGINES(Draining);

TEST_P(Draining, RunningStreamsFinishAndNewCallsAreRefused) {
  StartStreaming();
  EXPECT_EQ(Fetch(gateway().ops_port(), "/readyz").status, 200);
  ChatStream running = client().Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  std::thread drain([&] { gateway().Drain(); });
  EXPECT_TRUE(Eventually([&] { return Fetch(gateway().ops_port(), "/readyz").status == 503; }));
  EXPECT_EQ(Fetch(gateway().ops_port(), "/livez").status, 200);
  // The listener closes, and callers learn of it, a moment after readiness falls; until then gRPC cancels their calls.
  EXPECT_TRUE(Eventually([&] {
    return ReadAll(Client(Connect(gateway().grpc_port())).Chat(Ask("m", "late"))).status.code ==
           grpc::StatusCode::UNAVAILABLE;
  })) << "on a connection of its own";
  EXPECT_TRUE(Eventually([&] { return Chat(Ask("m", "late")).status.code == grpc::StatusCode::UNAVAILABLE; }))
      << "on the connection of a running stream";
  release_.Set();
  const Answer finished = ReadAll(std::move(running));
  EXPECT_TRUE(finished.status.ok()) << finished.status.ToString();
  EXPECT_EQ(finished.text, "first second");
  drain.join();
}

TEST_P(Draining, AHealthWatcherIsToldAndDoesNotHoldUpTheDrain) {
  Options options;
  options.top = "limits: {drain: 60s}";
  StartStreaming(options);
  grpc::ClientContext context;
  const auto watch = WatchHealth(channel(), &context);
  rpc::v1::HealthCheckResponse health;
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), rpc::v1::HealthCheckResponse::SERVING_STATUS_SERVING);
  ChatStream running = client().Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  std::thread drain([&] { gateway().Drain(); });
  EXPECT_TRUE(watch->Read(&health)) << "the watch ended without a word";
  EXPECT_EQ(health.status(), rpc::v1::HealthCheckResponse::SERVING_STATUS_NOT_SERVING);
  const auto begun = std::chrono::steady_clock::now();
  release_.Set();
  EXPECT_TRUE(ReadAll(std::move(running)).status.ok());
  drain.join();
  const auto took = std::chrono::steady_clock::now() - begun;
  std::printf("drain with a health watch open, %d engines: %.0f ms\n", GetParam(),
              std::chrono::duration<double, std::milli>(took).count());
  EXPECT_LT(took, std::chrono::seconds(20));
  context.TryCancel();
}

TEST_P(Draining, WhatStillRunsAtTheLimitIsEnded) {
  Options options;
  options.top = "limits: {drain: 300ms}";
  StartStreaming(options);
  ChatStream running = client().Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  std::thread drain([&] { gateway().Drain(); });
  const Answer cut = ReadAll(std::move(running));
  EXPECT_FALSE(cut.status.ok());
  std::printf("a stream cut at the drain limit sees: %s\n", cut.status.ToString().c_str());
  EXPECT_TRUE(cut.finished.empty());
  EXPECT_TRUE(closed_.Wait()) << "the upstream's connection stays open";
  drain.join();
}

TEST_P(Draining, DestroyingAGatewayInMidStreamEndsItsStreams) {
  StartStreaming();
  ChatStream running = client().Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  StopGateway();
  EXPECT_FALSE(ReadAll(std::move(running)).status.ok());
  EXPECT_TRUE(closed_.Wait());
}

TEST_P(Draining, DestroyingAGatewayWithCallsAtEveryStageIsClean) {
  Options options;
  options.upstream = "pool: {connections: 4}";
  StartStreaming(options);
  std::vector<ChatStream> streams;
  for (int i = 0; i < 12; ++i) streams.push_back(client().Chat(Ask()));
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_pool_waiting") == 8; }));
  StopGateway();
  for (ChatStream& stream : streams) EXPECT_FALSE(ReadAll(std::move(stream)).status.ok());
}

TEST(Termination, SigtermLetsTheRunningStreamFinishAndExitsWithZero) {
  fakes::Event release;
  ScriptedUpstream::Options server;
  server.tls = true;
  ScriptedUpstream upstream(server, [&](const ReceivedRequest& request, Conversation& conversation) {
    if (request.method == "GET") {
      conversation.SendReply(200, R"({"data":[]})");
      return;
    }
    conversation.StartSse();
    conversation.SendSse(chunks::Text("first "));
    conversation.WaitFor(release);
    conversation.SendSse(chunks::Text("second"));
    conversation.SendSse(chunks::Finish());
    conversation.EndChunks();
  });
  TempDir dir;
  const std::string config = dir.Write(
      "sluice.yaml",
      absl::StrCat("listen: {grpc: {address: \"127.0.0.1:0\"}, ops: \"127.0.0.1:0\"}\nupstreams: {a: {dialect: openai, "
                   "base_url: \"",
                   upstream.Url("/v1"), "\", ca_file: \"", dir.Write("ca.pem", upstream.ca_pem()), "\"}}\n"));
  GatewayProcess gateway(dir, config, {});
  ASSERT_NE(gateway.grpc_port, 0) << gateway.process.output();
  ChatStream running = Client(Connect(gateway.grpc_port)).Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  gateway.process.Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return Fetch(gateway.ops_port, "/readyz").status == 503; }));
  release.Set();
  const Answer finished = ReadAll(std::move(running));
  EXPECT_TRUE(finished.status.ok()) << finished.status.ToString();
  EXPECT_EQ(finished.text, "first second");
  EXPECT_EQ(gateway.process.Wait(), 0);
}

}  // namespace
}  // namespace sluice::integration
