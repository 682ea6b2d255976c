// Stopping: nobody new is let in, those who are in finish, up to a limit.

#include <signal.h>

#include <atomic>
#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/fakes/black_hole.h"
#include "tests/integration/harness.h"
#include "tests/integration/process.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/raw_http2.h"

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

  // Streams without an end, as fast as they are taken.
  void StartFlooding(const Options& options = {}) {
    Start(
        [this](const ReceivedRequest&, Conversation& conversation) {
          conversation.StartSse();
          const std::string event = chunks::Text(std::string(size_t{256} << 10, 'x'));
          while (conversation.SendSse(event)) ++sent_;
        },
        options);
  }

  // A watch of health as stream 1, beside a stream that nobody reads, until the socket is full for good: nothing has
  // got on during many round trips.
  void JamWhileWatching(RawHttp2& caller) {
    caller.OpenWindows();
    BeginWatch(caller, 1);
    caller.Call(3, "/sluice.v1.ChatService/Chat", Ask().SerializeAsString());
    int before = 0, round_trips = 0;
    ASSERT_TRUE(Eventually([&] {
      const bool paused = Scrape().Sum("sluice_backpressure_pauses_total") >= 1;
      round_trips = paused && sent_ == before ? round_trips + 1 : 0;
      before = sent_;
      return round_trips == 50;
    }));
  }

  static void BeginWatch(RawHttp2& caller, uint32_t stream) {
    caller.Call(stream, "/grpc.health.v1.Health/Watch");
    const auto serving = caller.NextOf(RawHttp2::kData);
    ASSERT_TRUE(serving.has_value());
    EXPECT_TRUE(absl::EndsWith(serving->payload, "\x08\x01")) << "not SERVING";
  }

  static void ExpectWordBeforeGoAway(RawHttp2& caller, uint32_t stream) {
    bool told = false;
    auto frame = caller.Next();
    for (; frame && frame->type != RawHttp2::kGoAway; frame = caller.Next()) {
      if (frame->stream != stream || frame->type != RawHttp2::kData) continue;
      told = told || absl::EndsWith(frame->payload, "\x08\x02");  // NOT_SERVING
    }
    EXPECT_TRUE(frame.has_value()) << "no GOAWAY came";
    EXPECT_TRUE(told) << "GOAWAY came before health was off";
  }

  std::atomic<int> sent_{0};
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

// Who learns that a gateway stops has time to go elsewhere before it takes no more calls.
TEST_P(Draining, HealthAndReadinessAreOffBeforeCallersAreSentAway) {
  StartStreaming();
  ChatStream running = client().Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  RawHttp2 caller(gateway().grpc_port());
  BeginWatch(caller, 1);
  std::thread drain([&] { gateway().Drain(); });
  ExpectWordBeforeGoAway(caller, 1);
  EXPECT_EQ(Fetch(gateway().ops_port(), "/readyz").status, 503);
  release_.Set();
  EXPECT_TRUE(ReadAll(std::move(running)).status.ok());
  drain.join();
}

// A connection's own frames overtake those of its streams that wait while another is being written.
TEST_P(Draining, HealthIsOffBeforeCallersAreSentAwayOnABusyConnectionToo) {
  StartFlooding();
  RawHttp2 caller(gateway().grpc_port());
  JamWhileWatching(caller);
  std::thread drain([&] { gateway().Drain(); });
  EXPECT_TRUE(Eventually([&] { return Fetch(gateway().ops_port(), "/readyz").status == 503; }));
  ExpectWordBeforeGoAway(caller, 1);
  caller.Close();
  drain.join();
}

TEST_P(Draining, AWatcherThatNeverReadsDoesNotHoldUpTheDrain) {
  Options options;
  options.top = "limits: {drain: 100ms}";
  StartFlooding(options);
  RawHttp2 caller(gateway().grpc_port());
  JamWhileWatching(caller);
  std::future<void> drain = std::async(std::launch::async, [&] { gateway().Drain(); });
  EXPECT_EQ(drain.wait_for(std::chrono::seconds(60)), std::future_status::ready) << "it waits for that caller";
  caller.Close();  // else the test itself would hang where that fails
}

void ExpectDraining(const CallStatus& status) {
  EXPECT_EQ(status.code, grpc::StatusCode::UNAVAILABLE) << status.ToString();
  EXPECT_EQ(status.reason, "DRAINING") << status.ToString();
  EXPECT_TRUE(absl::StrContains(status.message, "limits.drain")) << status.message;
}

TEST_P(Draining, AStreamThatStillRunsAtTheLimitEndsWithItsUsage) {
  Options options;
  options.top = "limits: {drain: 300ms}";
  StartStreaming(options);
  ChatStream running = client().Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  std::thread drain([&] { gateway().Drain(); });
  const Answer cut = ReadAll(std::move(running));
  ExpectDraining(cut.status);
  EXPECT_TRUE(cut.finished.empty());
  ASSERT_EQ(cut.usage.size(), 1u);
  EXPECT_TRUE(cut.usage[0].estimated());
  EXPECT_GT(cut.usage[0].prompt_tokens(), 0);
  EXPECT_EQ(cut.usage[0].completion_tokens(), 2) << "of 6 bytes";
  EXPECT_TRUE(cut.events.back().has_usage());
  EXPECT_TRUE(closed_.Wait()) << "the upstream's connection stays open";
  drain.join();
}

TEST_P(Draining, AGatheredAnswerThatStillRunsAtTheLimitEndsWithItsUsage) {
  Options options;
  options.top = "limits: {drain: 300ms}";
  StartStreaming(options);
  auto running = std::async(std::launch::async, [&] { return client().Complete(Ask()); });
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_open_streams") == 1 && ChatsSeen() == 1; }));
  std::thread drain([&] { gateway().Drain(); });
  const CallStatus status = running.get().status;
  ExpectDraining(status);
  ASSERT_TRUE(status.usage.has_value());
  EXPECT_TRUE(status.usage->estimated());
  EXPECT_TRUE(closed_.Wait()) << "the upstream's connection stays open";
  drain.join();
}

TEST_P(Draining, CallsWithoutOutputAtTheLimitEndWhateverTheyWaitFor) {
  Options options;
  options.top = "limits: {drain: 500ms, open_calls: 4, queue_wait: 60s}";
  Start(
      [](const ReceivedRequest& request, Conversation& conversation) {
        if (absl::StrContains(request.body, "busy")) {
          conversation.SendReply(503, "", {{"retry-after", "30"}});
        } else {
          conversation.WaitClosedByPeer(20'000);
        }
      },
      options);
  std::vector<ChatStream> chats;
  std::vector<std::future<CallStatus>> others;
  const auto complete = [&](const char* prompt) { return client().Complete(Ask("m", prompt)).status; };
  for (const char* prompt : {"silent", "busy"}) {
    chats.push_back(client().Chat(Ask("m", prompt)));
    others.push_back(std::async(std::launch::async, complete, prompt));
  }
  ASSERT_TRUE(Eventually([&] { return ChatsSeen() == 4 && Scrape().Sum("sluice_retries_total") == 2; }));
  chats.push_back(client().Chat(Ask("m", "waits for its turn")));
  others.push_back(std::async(std::launch::async, complete, "waits for its turn"));
  others.push_back(std::async(std::launch::async, [&] { return client().ListModels().status; }));
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_queued_calls") == 3; }));
  std::thread drain([&] { gateway().Drain(); });
  for (ChatStream& chat : chats) {
    const Answer answer = ReadAll(std::move(chat));
    ExpectDraining(answer.status);
    EXPECT_TRUE(answer.events.empty());
  }
  for (auto& other : others) ExpectDraining(other.get());
  drain.join();
}

TEST_P(Draining, AListOfModelsThatIsNotThereAtTheLimitEnds) {
  Options options;
  options.top = "limits: {drain: 300ms}";
  StartStreaming(options);
  const fakes::BlackHole hole;
  options.base_url = absl::StrCat("http://127.0.0.1:", hole.port(), "/v1");
  gateway().Reload(Load(options));
  auto listing = std::async(std::launch::async, [&] { return client().ListModels().status; });
  // The gateway's own look at the new upstream is the other.
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_pool_connections", {{"state", "in_use"}}) == 2; }));
  std::thread drain([&] { gateway().Drain(); });
  ExpectDraining(listing.get());
  drain.join();
}

TEST_P(Draining, ACallerThatDoesNotReadDoesNotHoldUpTheEnd) {
  Options options;
  options.top = "limits: {drain: 300ms, caller_stall: 60s}";
  Start(
      [this](const ReceivedRequest&, Conversation& conversation) {
        conversation.StartSse();
        const std::string event = chunks::Text(std::string(64 << 10, 'x'));
        while (conversation.SendSse(event)) {
        }
        closed_.Set();
      },
      options);
  ChatStream stalled = client().Chat(Ask());
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_backpressure_pauses_total") > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  gateway().Drain();
  const auto took = std::chrono::steady_clock::now() - begun;
  std::printf("drain of 300 ms with a caller that does not read, %d engines: %.0f ms\n", GetParam(),
              std::chrono::duration<double, std::milli>(took).count());
  EXPECT_LT(took, std::chrono::seconds(10));
  EXPECT_TRUE(closed_.Wait());
  EXPECT_FALSE(ReadAll(std::move(stalled)).status.ok());
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

// A gateway process before an upstream that streams "first ", then the rest once release_ is set.
class Termination : public ::testing::Test {
 protected:
  Termination()
      : upstream_({.tls = true}, [this](const ReceivedRequest& request, Conversation& conversation) {
          if (request.method == "GET") {
            conversation.SendReply(200, R"({"data":[]})");
            return;
          }
          conversation.StartSse();
          conversation.SendSse(chunks::Text("first "));
          conversation.WaitFor(release_);
          conversation.SendSse(chunks::Text("second"));
          conversation.SendSse(chunks::Finish());
          conversation.EndChunks();
        }) {
    const std::string config = dir_.Write(
        "sluice.yaml",
        absl::StrCat("listen: {grpc: {address: \"127.0.0.1:0\"}, ops: \"127.0.0.1:0\"}\nupstreams: {a: {dialect: "
                     "openai, base_url: \"",
                     upstream_.Url("/v1"), "\", ca_file: \"", dir_.Write("ca.pem", upstream_.ca_pem()), "\"}}\n"));
    gateway_.emplace(dir_, config, std::map<std::string, std::string>());
  }
  bool IsReady() const { return Fetch(gateway_->ops_port, "/readyz").status == 200; }

  fakes::Event release_;
  ScriptedUpstream upstream_;
  TempDir dir_;
  std::optional<GatewayProcess> gateway_;
};

TEST_F(Termination, SigtermLetsTheRunningStreamFinishAndExitsWithZero) {
  ASSERT_NE(gateway_->grpc_port, 0) << gateway_->process.output();
  ChatStream running = Client(Connect(gateway_->grpc_port)).Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  gateway_->process.Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] { return !IsReady(); }));
  release_.Set();
  const Answer finished = ReadAll(std::move(running));
  EXPECT_TRUE(finished.status.ok()) << finished.status.ToString();
  EXPECT_EQ(finished.text, "first second");
  EXPECT_EQ(gateway_->process.Wait(), 0);
}

TEST_F(Termination, ASecondSigtermEndsAtOnceAndExitsWithZero) {
  ASSERT_NE(gateway_->grpc_port, 0) << gateway_->process.output();
  ChatStream running = Client(Connect(gateway_->grpc_port)).Chat(Ask());
  ASSERT_NE(running.Next(), nullptr);
  gateway_->process.Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return !IsReady(); }));
  const auto begun = std::chrono::steady_clock::now();
  gateway_->process.Signal(SIGTERM);
  EXPECT_EQ(gateway_->process.Wait(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(ReadAll(std::move(running)).status.code, grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace sluice::integration
