// Reloads disturb nobody.

#include <atomic>
#include <condition_variable>
#include <thread>

#include "absl/status/status.h"
#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

class Reloading : public GatewayTest {};
SLUICE_WITH_ENGINES(Reloading);

// Lets streams go on step by step.
class Steps {
 public:
  void Advance() {
    const std::lock_guard lock(mutex_);
    ++step_;
    changed_.notify_all();
  }
  bool WaitFor(int step) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return step_ >= step; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int step_ = 0;
};

// The i-th of a row of configurations, each unlike the one before it in something else.
Options Variant(int i) {
  Options options;
  options.upstream = absl::StrCat("headers: {X-Reload: \"", i, "\"}\n    timeouts: {idle: ", 60 + i % 7,
                                  "s}\n    pool: {connections: ", 400 + i % 5, "}");
  if (i % 2 == 1) options.top = "routes: [{models: [\"m*\"], upstream: fake, model: renamed}]";
  if (i % 3 == 1) absl::StrAppend(&options.top, "\nlimits: {buffer_high: ", 100'000 + i, "}");
  return options;
}

TEST_P(Reloading, AThousandReloadsDisturbNoneOfTwoHundredStreams) {
  constexpr int kStreams = 200, kReloads = 1000, kSteps = 20;
  Steps steps;
  std::atomic<int> waiting{0};
  Start(
      [&](const ReceivedRequest& request, Conversation& conversation) {
        conversation.StartSse();
        if (absl::string_view(request.body).find("short") == absl::string_view::npos) {
          for (int step = 0; step <= kSteps; ++step) {
            if (!steps.WaitFor(step)) return;
            conversation.SendSse(chunks::Text(absl::StrCat(step, ",")));
          }
        } else {
          conversation.SendSse(chunks::Text("x"));
        }
        conversation.SendSse(chunks::Finish());
        conversation.SendSse(chunks::kDone);
        conversation.EndChunks();
      },
      Variant(0));
  std::string whole;
  for (int step = 0; step <= kSteps; ++step) absl::StrAppend(&whole, step, ",");

  std::atomic<int> begun{0}, good{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < kStreams; ++i) {
    callers.emplace_back([&] {
      ChatStream stream = client().Chat(Ask());
      if (stream.Next() != nullptr) ++begun;
      std::string text;
      for (const v1::ChatResponse* event = stream.Next(); event != nullptr; event = stream.Next()) {
        text += event->delta().text();
      }
      good += text == whole && stream.status().ok();
    });
  }
  ASSERT_TRUE(Eventually([&] { return Scrape().Sum("sluice_open_streams") == kStreams && begun == kStreams; }));

  const size_t before = ResidentBytes();
  size_t middle = 0;
  for (int i = 1; i <= kReloads; ++i) {
    if (i % 10 == 0) {
      gateway().Reload(absl::InvalidArgumentError("a bad file"));
    } else {
      gateway().Reload(Load(Variant(i)));
    }
    if (i % (kReloads / kSteps) == 0) steps.Advance();
    if (i % 25 == 0) {
      EXPECT_TRUE(Chat(Ask("m", "short")).status.ok()) << "a call after reload " << i;
    }
    if (i == kReloads / 2) middle = ResidentBytes();
  }
  const size_t after = ResidentBytes();
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(good, kStreams);
  EXPECT_EQ(Scrape().Sum("sluice_reloads_total", {{"result", "ok"}}), kReloads * 9 / 10);
  EXPECT_EQ(Scrape().Sum("sluice_reloads_total", {{"result", "failed"}}), kReloads / 10);
  std::printf("resident, %d engines: %zu MiB before, %zu after %d reloads, %zu after %d\n", GetParam(), before >> 20,
              middle >> 20, kReloads / 2, after >> 20, kReloads);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while, and finds leaks by itself
  EXPECT_LT(after, before + (size_t{96} << 20)) << "memory grows with reloads";
#endif
}

TEST_P(Reloading, ACallAfterAReloadSeesItAndABadOneLeavesTheOldInForce) {
  Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  ASSERT_TRUE(Chat().status.ok());
  gateway().Reload(Load(Variant(1)));
  ASSERT_TRUE(Chat().status.ok());
  EXPECT_EQ(upstream().requests().back().Header("x-reload"), "1");
  gateway().Reload(absl::InvalidArgumentError("a bad file"));
  ASSERT_TRUE(Chat().status.ok());
  EXPECT_EQ(upstream().requests().back().Header("x-reload"), "1");
}

}  // namespace
}  // namespace sluice::integration
