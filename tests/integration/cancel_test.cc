// A caller that leaves closes its upstream, at every stage. The times are printed; the bounds are generous, because
// the machine that runs the tests may be busy.

#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/integration/harness.h"
#include "tests/integration/process.h"

namespace sluice::integration {
namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr auto kBound = std::chrono::seconds(1);

// When the upstream's connection was closed, as its handler saw it.
class Closing {
 public:
  void Watch(Conversation& conversation) {
    seen_ = conversation.WaitClosedByPeer(20'000);
    Note();
  }
  void Note() {
    at_ = std::chrono::steady_clock::now();
    closed_.Set();
  }
  bool Wait() const { return closed_.Wait(20'000); }
  bool seen() const { return seen_; }
  Time at() const { return at_; }

 private:
  fakes::Event closed_;
  bool seen_ = false;
  Time at_;
};

class Cancelling : public GatewayTest {
 protected:
  void ExpectClosedSince(const Closing& closing, Time left, const char* what) {
    ASSERT_TRUE(closing.Wait()) << what;
    Report(closing.at() - left, what);
  }
  void Report(std::chrono::steady_clock::duration took, const char* what) {
    std::printf("cancel latency, %d engines, %s: %.1f ms\n", GetParam(), what,
                std::chrono::duration<double, std::milli>(took).count());
    EXPECT_LT(took, kBound) << what;
  }
  bool CallsEndedWith(const char* code) {
    return Eventually([&] { return Scrape().Sum("sluice_calls_total", {{"code", code}}) == 1; });
  }
};
SLUICE_WITH_ENGINES(Cancelling);

TEST_P(Cancelling, InMidStream) {
  Closing closing;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text("x"));
    closing.Watch(conversation);
  });
  ChatStream stream = client().Chat(Ask());
  ASSERT_NE(stream.Next(), nullptr);
  const Time left = std::chrono::steady_clock::now();
  stream.Cancel();
  ExpectClosedSince(closing, left, "mid-stream");
  EXPECT_TRUE(CallsEndedWith("CANCELLED"));
  EXPECT_EQ(Scrape().Sum("sluice_open_streams"), 0);
}

TEST_P(Cancelling, TheCallersDeadlineClosesTheUpstream) {
  Closing closing;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text("x"));
    closing.Watch(conversation);
  });
  CallOptions call;
  call.timeout = std::chrono::seconds(1);
  const Time begun = std::chrono::steady_clock::now();
  const Answer answer = Chat(Ask(), call);
  ExpectClosedSince(closing, begun + std::chrono::seconds(1), "deadline");
  EXPECT_EQ(answer.status.code, grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(answer.text, "x");
  EXPECT_TRUE(CallsEndedWith("DEADLINE_EXCEEDED"));
}

TEST_P(Cancelling, ACallerWhoseProcessDies) {
  Closing closing;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text("x"));
    closing.Watch(conversation);
  });
  Process caller({SLUICE_CLI, "chat", "--address", absl::StrCat("127.0.0.1:", gateway().grpc_port()), "hello"}, {});
  ASSERT_TRUE(Eventually([&] { return caller.output() == "x" || Fetch(gateway().ops_port(), "/livez").status == 0; }));
  const Time left = std::chrono::steady_clock::now();
  caller.Signal(SIGKILL);
  ExpectClosedSince(closing, left, "the caller's process killed");
  EXPECT_TRUE(CallsEndedWith("CANCELLED"));
}

TEST_P(Cancelling, ManyAtOnceCloseAllTheirUpstreams) {
  constexpr int kStreams = 50;
  std::atomic<int> closed{0};
  fakes::Event all_closed;
  Start([&](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text("x"));
    if (conversation.WaitClosedByPeer(20'000) && ++closed == kStreams) all_closed.Set();
  });
  std::vector<ChatStream> streams;
  for (int i = 0; i < kStreams; ++i) streams.push_back(client().Chat(Ask()));
  for (ChatStream& stream : streams) ASSERT_NE(stream.Next(), nullptr);
  const Time left = std::chrono::steady_clock::now();
  for (ChatStream& stream : streams) stream.Cancel();
  ASSERT_TRUE(all_closed.Wait(20'000)) << closed;
  Report(std::chrono::steady_clock::now() - left, "fifty at once");
}

}  // namespace
}  // namespace sluice::integration
