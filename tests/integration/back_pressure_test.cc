// A caller that does not read holds its upstream back, loses nothing, and is in nobody's way.

#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "tests/integration/harness.h"
#include "tests/integration/process.h"

namespace sluice::integration {
namespace {

constexpr int kPieces = 1024;
constexpr size_t kPiece = size_t{64} << 10;

class BackPressure : public GatewayTest {
 protected:
  // Pushes 64 MiB to whoever asks for "much", and one word to the others.
  void StartPushing(const Options& options = {}) {
    Start(
        [this](const ReceivedRequest& request, Conversation& conversation) {
          if (!absl::StrContains(request.body, "much")) return Reply(conversation, TextReply({"x"}));
          conversation.StartSse();
          for (int i = 0; i < kPieces; ++i) {
            if (!conversation.SendSse(chunks::Text(std::string(kPiece, static_cast<char>('a' + i % 26))))) {
              refused_.Set();
              return;
            }
            accepted_ += kPiece;
          }
          conversation.SendSse(chunks::Finish());
          conversation.SendSse(chunks::kDone);
          conversation.EndChunks();
        },
        options);
  }
  double Pauses() { return Scrape().Sum("sluice_backpressure_pauses_total"); }

  std::atomic<size_t> accepted_{0};
  fakes::Event refused_;
};
SLUICE_WITH_ENGINES(BackPressure);

TEST_P(BackPressure, ACallerThatDoesNotReadStallsItsUpstreamAndThenGetsEveryByte) {
  StartPushing();
  ChatStream slow = client().Chat(Ask("m", "much"));
  ASSERT_TRUE(Eventually([&] { return Pauses() >= 1; }));
  // On the same connection and on another one.
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Chat().status.ok());
  const Client other(Connect(gateway().grpc_port()));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(ReadAll(other.Chat(Ask())).status.ok());
  const size_t accepted = accepted_;
  std::printf("a caller that does not read, %d engines: the upstream could send %zu KiB of 65536\n", GetParam(),
              accepted >> 10);
  EXPECT_LT(accepted, size_t{32} << 20);

  size_t bytes = 0;
  int pieces = 0;
  for (const v1::ChatResponse& event : slow) {
    if (!event.has_delta()) continue;
    ASSERT_EQ(event.delta().text(), std::string(kPiece, static_cast<char>('a' + pieces % 26)));
    bytes += event.delta().text().size();
    ++pieces;
  }
  EXPECT_TRUE(slow.status().ok()) << slow.status().ToString();
  EXPECT_EQ(bytes, kPieces * kPiece);
  std::printf("pauses: %.0f\n", Pauses());
}

TEST_P(BackPressure, ACallerThatStallsForTooLongIsLetGo) {
  Options options;
  options.top = "limits: {caller_stall: 300ms}";
  StartPushing(options);
  ChatStream stalled = client().Chat(Ask("m", "much"));
  EXPECT_TRUE(refused_.Wait(20'000)) << "the upstream's connection stays open";
  while (stalled.Next() != nullptr) {
  }
  EXPECT_FALSE(stalled.status().ok());
  std::printf("a stalled caller sees: %s\n", stalled.status().ToString().c_str());
  bool logged = false;
  for (const std::string& line : LogLines()) logged = logged || absl::StrContains(line, "CALLER_STALLED");
  EXPECT_TRUE(logged);
  EXPECT_EQ(Scrape().Sum("sluice_calls_total", {{"code", "RESOURCE_EXHAUSTED"}}), 1);
}

// In a process of its own, so that neither peer's memory counts.
TEST(BackPressureMemory, FiftyStalledStreamsTakeABoundedAmount) {
  ScriptedUpstream::Options server;
  server.tls = true;
  ScriptedUpstream upstream(server, [](const ReceivedRequest& request, Conversation& conversation) {
    if (request.method == "GET") {
      conversation.SendReply(200, R"({"data":[]})");
      return;
    }
    conversation.StartSse();
    const std::string event = chunks::Text(std::string(1024, 'x'));
    while (conversation.SendSse(event)) {
    }
  });
  TempDir dir;
  const std::string config =
      dir.Write("sluice.yaml", absl::StrCat("listen: {grpc: {address: \"127.0.0.1:0\"}, ops: \"127.0.0.1:0\"}\n",
                                            "upstreams: {a: {dialect: openai, base_url: \"", upstream.Url("/v1"),
                                            "\", ca_file: \"", dir.Write("ca.pem", upstream.ca_pem()), "\"}}\n"));
  GatewayProcess gateway(dir, config, {});
  ASSERT_NE(gateway.grpc_port, 0) << gateway.process.output();
  const auto scrape = [&] { return Metrics(Fetch(gateway.ops_port, "/metrics").body); };
  const double before = scrape().Sum("process_resident_memory_bytes");
  const Client client(Connect(gateway.grpc_port));
  std::vector<ChatStream> streams;
  for (int i = 0; i < 50; ++i) {
    streams.push_back(client.Chat(Ask()));
    // A gRPC client that waits for nothing looks at its sockets only every 5 s (its backup poller): wait until it has
    // started.
    ASSERT_NE(streams.back().Next(), nullptr);
  }
  ASSERT_TRUE(Eventually([&] {
    const Metrics metrics = scrape();
    return metrics.Sum("sluice_backpressure_pauses_total") >= 50 && metrics.Sum("sluice_open_streams") == 50;
  }));
  const double grown = (scrape().Sum("process_resident_memory_bytes") - before) / (1 << 20);
  std::printf("50 stalled streams: the gateway took %.1f MiB more\n", grown);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  EXPECT_LT(grown, 100);
#endif
}

}  // namespace
}  // namespace sluice::integration
