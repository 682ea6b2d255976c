// A caller that leaves closes its upstream, whatever its call is doing and however it leaves. Each stage is reached and
// left by every method that knows it: by cancelling, again and again, by hanging up and by running out of time.

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "tests/fakes/black_hole.h"
#include "tests/integration/cancel_caller.h"

namespace sluice::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

constexpr auto kPromised = milliseconds(50);
// The machine that runs the tests may be busy, but not in each of so many rounds.
constexpr int kRounds = 5;
constexpr int kTries = 9;
constexpr auto kBound = std::chrono::seconds(1);
constexpr auto kDeadline = std::chrono::seconds(1);

double Ms(nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

// Where calls can be.
struct Stage {
  const char* name;
  std::function<bool(int)> wait;  // until so many calls are there, and their upstream knows it; false: they do not come
  std::vector<Method> methods = {Method::kChat, Method::kComplete};
  bool reads = true;
  bool deadline = true;
};

const std::vector<Method> kAllMethods = {Method::kChat, Method::kComplete, Method::kListModels};

class CancelStages : public GatewayTest {
 protected:
  // Leaves the stage in every way. The gateway is started.
  void LeaveFrom(const Stage& stage) {
    for (const Method method : stage.methods) {
      SCOPED_TRACE(MethodName(method));
      ASSERT_NO_FATAL_FAILURE(CancelOften(stage, method));
      ASSERT_NO_FATAL_FAILURE(HangUp(stage, method));
    }
    if (stage.deadline) {
      ASSERT_NO_FATAL_FAILURE(RunOutOfTime(stage));
    }
    EXPECT_TRUE(Eventually([&] { return Ended("CANCELLED") == left_ && Ended("DEADLINE_EXCEEDED") == ran_out_; }))
        << Ended("CANCELLED") << " of " << left_ << " cancelled, " << Ended("DEADLINE_EXCEEDED") << " of " << ran_out_
        << " ran out of time";
  }

  // Starts with an upstream that does as `serve` says to whatever is asked but the gateway's own look at it.
  void StartWith(Handler serve, const Options& options = {}) {
    Start([](const ReceivedRequest&, Conversation&) {}, options);
    ScriptedUpstream::Options server;
    server.tls = true;
    stalling_ = std::make_unique<ScriptedUpstream>(
        server, [this, serve](const ReceivedRequest& request, Conversation& conversation) {
          if (request.method == "GET" && !checked_.IsSet()) {
            conversation.SendReply(200, R"({"data":[]})");
            return checked_.Set();
          }
          serve(request, conversation);
        });
    Options next = options;
    next.base_url = stalling_->Url("/v1");
    next.ca_pem = stalling_->ca_pem();
    gateway().Reload(Load(next));
    ASSERT_TRUE(checked_.Wait());
  }
  void Stay(Conversation& conversation) {
    here_.Enter();
    EXPECT_TRUE(conversation.WaitClosedByPeer(20'000));
    here_.Leave();
  }
  Stage AtUpstream(const char* name, std::vector<Method> methods = kAllMethods) {
    return {name, [this](int count) { return here_.WaitFor(count); }, std::move(methods)};
  }
  std::function<bool(int)> UntilGauge(const char* name) {
    return [this, name](int count) { return Eventually([&] { return Scrape().Sum(name) == count; }); };
  }
  double Ended(const char* code) { return Scrape().Sum("sluice_calls_total", {{"code", code}}); }

  Presence here_;

 private:
  void CancelOften(const Stage& stage, Method method) {
    std::vector<nanoseconds> took;
    for (int round = 0; round < kRounds; ++round) {
      took.clear();
      for (int i = 0; i < kTries; ++i) {
        Caller caller(gateway().grpc_port(), method, {.reads = stage.reads});
        ASSERT_TRUE(stage.wait(1)) << stage.name;
        const auto left = Clock::now();
        caller.Cancel();
        ASSERT_TRUE(stage.wait(0)) << stage.name;
        took.push_back(Clock::now() - left);
        EXPECT_EQ(caller.Join(), grpc::StatusCode::CANCELLED);
        Left(method, &left_);
      }
      std::sort(took.begin(), took.end());
      EXPECT_LT(took.back(), kBound);
      if (took[kTries / 2] < kPromised) break;
    }
    std::printf("cancel latency, %d engines, %s, %s: median %.1f ms, longest %.1f ms\n", GetParam(), MethodName(method),
                stage.name, Ms(took[kTries / 2]), Ms(took.back()));
    EXPECT_LT(took[kTries / 2], kPromised) << stage.name;
  }

  void HangUp(const Stage& stage, Method method) {
    Caller caller(gateway().grpc_port(), method, {.reads = stage.reads});
    ASSERT_TRUE(stage.wait(1)) << stage.name;
    const auto left = Clock::now();
    caller.HangUp();
    ASSERT_TRUE(stage.wait(0)) << stage.name;
    Report(stage, "hang-up", Clock::now() - left);
    EXPECT_EQ(caller.Join(), grpc::StatusCode::UNAVAILABLE);
    Left(method, &left_);
  }

  void RunOutOfTime(const Stage& stage) {
    std::vector<std::unique_ptr<Caller>> callers;
    const auto begun = Clock::now();
    for (const Method method : stage.methods) {
      callers.push_back(std::make_unique<Caller>(gateway().grpc_port(), method,
                                                 CallerOptions{.timeout = kDeadline, .reads = stage.reads}));
    }
    const auto last_deadline = Clock::now() + kDeadline;
    ASSERT_TRUE(stage.wait(static_cast<int>(callers.size()))) << stage.name;
    ASSERT_TRUE(stage.wait(0)) << stage.name;
    EXPECT_GT(Clock::now() - begun, kDeadline / 2) << "the calls ended otherwise";
    Report(stage, "deadline", Clock::now() - last_deadline);
    for (size_t i = 0; i < callers.size(); ++i) {
      callers[i]->LeftByItself();
      EXPECT_EQ(callers[i]->Join(), grpc::StatusCode::DEADLINE_EXCEEDED);
      Left(stage.methods[i], &ran_out_);
    }
  }

  void Report(const Stage& stage, const char* how, nanoseconds took) {
    std::printf("%s latency, %d engines, %s: %.1f ms\n", how, GetParam(), stage.name, Ms(took));
    EXPECT_LT(took, kBound) << how << ", " << stage.name;
  }
  // A list of models is no call by the metrics.
  static void Left(Method method, int* count) { *count += method != Method::kListModels; }

  std::unique_ptr<ScriptedUpstream> stalling_;
  fakes::Event checked_;
  int left_ = 0;
  int ran_out_ = 0;
};
SLUICE_WITH_ENGINES(CancelStages);

TEST_P(CancelStages, WaitingForItsTurn) {
  fakes::Event release;
  Options options;
  options.top = "limits: {open_calls: 1, queue_wait: 60s}";
  Start(
      [&](const ReceivedRequest&, Conversation& conversation) {
        here_.Enter();
        conversation.WaitFor(release);
        Reply(conversation, TextReply({"x"}));
      },
      options);
  ChatStream first = client().Chat(Ask());
  ASSERT_TRUE(here_.WaitFor(1));
  LeaveFrom({"waiting for limits.open_calls", UntilGauge("sluice_queued_calls"), kAllMethods});
  release.Set();
  EXPECT_TRUE(ReadAll(std::move(first)).status.ok());
  EXPECT_TRUE(Chat().status.ok()) << "a place in the line was not given up";
  EXPECT_EQ(ChatsSeen(), 2);
}

TEST_P(CancelStages, WaitingForAConnection) {
  fakes::Event release;
  Options options;
  options.upstream = "pool: {connections: 1}";
  Start(
      [&](const ReceivedRequest&, Conversation& conversation) {
        here_.Enter();
        conversation.WaitFor(release);
        Reply(conversation, TextReply({"x"}));
      },
      options);
  ChatStream first = client().Chat(Ask());
  ASSERT_TRUE(here_.WaitFor(1));
  LeaveFrom({"waiting for the pool", UntilGauge("sluice_pool_waiting"), kAllMethods});
  release.Set();
  EXPECT_TRUE(ReadAll(std::move(first)).status.ok());
  EXPECT_TRUE(Chat().status.ok()) << "a place in the pool's line was not given up";
  EXPECT_EQ(ChatsSeen(), 2);
}

// The gateway's own look at these upstreams has failed, by these timers, when Start returns.
TEST_P(CancelStages, Connecting) {
  const fakes::BlackHole hole;
  const int others = SocketsConnecting();
  Options options;
  options.base_url = absl::StrCat("http://127.0.0.1:", hole.port(), "/v1");
  options.upstream = "timeouts: {connect: 3s}";
  Start([](const ReceivedRequest&, Conversation&) {}, options);
  ASSERT_EQ(SocketsConnecting(), others);
  LeaveFrom({"connecting", [&](int count) { return Eventually([&] { return SocketsConnecting() == others + count; }); },
             kAllMethods});
}

TEST_P(CancelStages, InTheTlsHandshake) {
  Options options;
  options.upstream = "timeouts: {tls: 3s}";
  Start([](const ReceivedRequest&, Conversation&) {}, options, {.stall_handshake = true});
  LeaveFrom({"TLS handshake",
             [&](int count) { return upstream().WaitUntil([&](const auto& counts) { return counts.open == count; }); },
             kAllMethods});
}

TEST_P(CancelStages, BeforeTheFirstByte) {
  StartWith([&](const ReceivedRequest&, Conversation& conversation) { Stay(conversation); });
  LeaveFrom(AtUpstream("before the first byte"));
}

TEST_P(CancelStages, InMidStream) {
  StartWith([&](const ReceivedRequest& request, Conversation& conversation) {
    if (request.method == "GET") {
      conversation.SendHead(200, {{"Content-Type", "application/json"}, {"Content-Length", "1000"}});
      conversation.SendRaw(R"({"object":"list","data":[)");
    } else {
      conversation.StartSse();
      conversation.SendSse(chunks::Text("x"));
    }
    Stay(conversation);
  });
  LeaveFrom(AtUpstream("mid-stream"));
}

// Neither sends nor takes anything more: nobody but the caller could end it.
TEST_P(CancelStages, Paused) {
  Options options;
  options.top = "limits: {buffer_high: 65536, caller_stall: 60s}";
  StartWith(
      [&](const ReceivedRequest&, Conversation& conversation) {
        here_.Enter();
        conversation.StartSse();
        const std::string event = chunks::Text(std::string(64 << 10, 'x'));
        while (conversation.SendSse(event)) {
        }
        here_.Leave();
      },
      options);
  const auto pauses = [&] { return Scrape().Sum("sluice_backpressure_pauses_total"); };
  double before = 0;
  const auto wait = [&](int count) {
    if (count == 0) {
      if (!here_.WaitFor(0)) return false;
      before = pauses();
      return true;
    }
    return here_.WaitFor(count) && Eventually([&] { return pauses() > before; });
  };
  LeaveFrom({"paused by back-pressure", wait, {Method::kChat}, /*reads=*/false});
}

// A wait that would last longer than the caller's deadline is not begun, so nobody runs out of time here.
TEST_P(CancelStages, BetweenAttempts) {
  StartWith([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(503, chunks::Error("busy", "overloaded_error", ""), {{"retry-after", "5"}});
  });
  const auto waiting = [&] {
    const Metrics metrics = Scrape();
    return metrics.Sum("sluice_retries_total") - metrics.Sum("sluice_calls_total", {{"code", "CANCELLED"}});
  };
  LeaveFrom({"between attempts",
             [&](int count) { return Eventually([&] { return waiting() == count; }); },
             {Method::kChat, Method::kComplete},
             /*reads=*/true,
             /*deadline=*/false});
  EXPECT_EQ(Scrape().Sum("sluice_attempts_total"), Scrape().Sum("sluice_calls_total"));
}

TEST_P(CancelStages, WhoLeftBetweenAttemptsIsNotAskedForAgain) {
  std::atomic<int> asked_for_the_one_who_left{0};
  Options options;
  options.upstream = "retry: {attempts: 2}";
  Start(
      [&](const ReceivedRequest& request, Conversation& conversation) {
        const bool stays = absl::StrContains(request.body, "stays");
        if (!stays) ++asked_for_the_one_who_left;
        conversation.SendReply(503, "", {{"retry-after-ms", stays ? "1500" : "1000"}});
      },
      options);
  ChatStream left = client().Chat(Ask("m", "leaves"));
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_retries_total") == 1; }));
  left.Cancel();
  ASSERT_TRUE(Eventually([&] { return Ended("CANCELLED") == 1; }));
  const int asked = asked_for_the_one_who_left;
  // Begins later and waits longer, so the other's next attempt would come first.
  EXPECT_EQ(Chat(Ask("m", "stays")).status.metadata.at("attempts"), "2");
  EXPECT_EQ(asked_for_the_one_who_left, asked);
}

}  // namespace
}  // namespace sluice::integration
