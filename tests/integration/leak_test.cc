// What callers who leave and callers who are slow cost a gateway: nothing that stays, and nobody else's time.

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/integration/harness.h"
#include "tests/integration/process.h"
#include "tests/soak/caller.h"
#include "tests/soak/scrape.h"
#include "tests/soak/stream_check.h"
#include "tests/soak/upstream.h"

namespace sluice::integration {
namespace {

using soak::CallPlan;
using soak::Manner;
using soak::Milliseconds;
using soak::Record;
using soak::Sample;

// A gateway process before the soak's upstream. In a process of its own, so that neither peer's memory counts.
class Leaks : public ::testing::Test {
 protected:
  Leaks() : upstream_(&ledger_) {
    std::string upstreams;
    for (const bool tls : {false, true}) {
      absl::StrAppend(&upstreams, "  ", Name(tls), ": {dialect: openai, base_url: \"", upstream_.Url(tls),
                      "\", ca_file: \"", dir_.Write("ca.pem", upstream_.ca_pem()), "\"}\n");
    }
    const std::string config = dir_.Write(
        "sluice.yaml", absl::StrCat("listen: {grpc: {address: \"127.0.0.1:0\"}, ops: \"127.0.0.1:0\"}\nengines: 2\n",
                                    "routes: [{models: [plain], upstream: plain}, {models: [tls], upstream: tls}]\n",
                                    "log: {level: warning}\nupstreams:\n", upstreams));
    gateway_.emplace(dir_, config, std::map<std::string, std::string>{});
    for (int i = 0; i < 4; ++i) clients_.emplace_back(Connect(gateway_->grpc_port));
  }

  static const char* Name(bool tls) { return tls ? "tls" : "plain"; }
  Sample Look() const { return soak::TakeSample(gateway_->ops_port, gateway_->process.pid()); }
  const Client& client(int number) const { return clients_[static_cast<size_t>(number) % clients_.size()]; }

  // Ends `calls` calls before their answers do, at every stage.
  void Abort(int calls);
  void AbortOne(int number);
  // The state once no call is open and nothing of the pool is in use.
  Sample Quiet() const {
    Sample sample;
    EXPECT_TRUE(Eventually([&] {
      sample = Look();
      return sample.open == 0 && sample.in_use == 0 && sample.waiting == 0 && upstream_.counts().busy == 0;
    })) << sample.open
        << " calls open, " << sample.in_use << " connections in use, " << sample.waiting
        << " waiting; busy at the upstream: " << upstream_.counts().busy;
    return sample;
  }

  soak::Ledger ledger_;
  soak::Upstream upstream_;
  TempDir dir_;
  std::optional<GatewayProcess> gateway_;
  std::vector<Client> clients_;
  soak::Pause pause_;
  std::atomic<int> asked_{0};  // calls that reached the upstream
};

// Of twenty: seven are left in mid-stream, seven before the head, two between attempts, two gathered calls before the
// head, one while it bursts, one while it is paused.
CallPlan Aborted(int number) {
  const int kind = number % 20;
  CallPlan plan;
  plan.tls = number / 20 % 10 == 0;
  plan.deltas = 1000;
  plan.interval = Milliseconds(5000);
  plan.manner = Manner::kDeadline;
  plan.patience = Milliseconds(30);
  if (kind < 7) {
    plan.manner = Manner::kDrop;
    plan.reads = 1;
  } else if (kind < 14 || kind == 16 || kind == 17) {
    plan.thinking = Milliseconds(60'000);
    plan.manner = Manner::kCancel;
    if (kind >= 16) {
      plan.manner = Manner::kDeadline;
      plan.operation = soak::Operation::kComplete;
    }
  } else if (kind < 16) {
    plan.fault = soak::Fault::kOverloaded;
    plan.failing = 1000;
  } else {
    plan.interval = Milliseconds(0);
    plan.delta_bytes = 16 << 10;
    if (kind == 18) {
      plan.manner = Manner::kDrop;
      plan.reads = 4;
    } else {
      plan.manner = Manner::kStopReading;
      plan.patience = Milliseconds(100);
    }
  }
  return plan;
}

void Leaks::AbortOne(int number) {
  const std::shared_ptr<Record> record = ledger_.Begin(Aborted(number));
  const CallPlan& plan = record->plan;
  CallOptions options;
  if (plan.manner == Manner::kDeadline) options.timeout = plan.patience;
  grpc::StatusCode code{};
  if (plan.operation == soak::Operation::kComplete) {
    code = client(number).Complete(soak::RequestFor(*record), options).status.code;
  } else {
    ChatStream stream = client(number).Chat(soak::RequestFor(*record), options);
    if (plan.manner == Manner::kCancel) record->asked.wait_for(std::chrono::seconds(10));
    if (plan.manner == Manner::kStopReading) pause_.For(plan.patience);
    if (plan.manner == Manner::kDeadline) {
      while (stream.Next() != nullptr) {
      }
    }
    // The first event is "started".
    for (int events = 0; events < plan.reads + 1 && plan.manner == Manner::kDrop; ++events) stream.Next();
    code = stream.status().code;  // cancels what still runs
  }
  ledger_.End(*record);
  EXPECT_NE(code, grpc::StatusCode::OK);
  asked_ += record->attempts > 0 ? 1 : 0;
}

void Leaks::Abort(int calls) {
  constexpr int kCallers = 40;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([this, calls, caller] {
      for (int number = caller; number < calls; number += kCallers) AbortOne(number);
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_F(Leaks, TwentyThousandAbortedStreamsLeaveNothing) {
  ASSERT_NE(gateway_->grpc_port, 0) << gateway_->process.output();
#ifdef __SANITIZE_ADDRESS__
  constexpr int kFirst = 1000, kAll = 5000;  // which are many times slower
#else
  constexpr int kFirst = 2000, kAll = 20'000;
#endif
  Abort(kFirst);
  const Sample first = Quiet();
  Abort(kAll - kFirst);
  const Sample last = Quiet();
  const int64_t open = upstream_.counts().open;
  std::printf(
      "aborted streams: %d then %d; RSS %.1f then %.1f MiB, descriptors %d then %d; %d reached the "
      "upstream; now %d open calls, connections %d in use and %d idle, %lld at the upstream\n",
      kFirst, kAll, first.rss_mib, last.rss_mib, first.fds, last.fds, asked_.load(), last.open, last.in_use, last.idle,
      static_cast<long long>(open));
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  EXPECT_LT(last.rss_mib, first.rss_mib + 5);
#endif
  EXPECT_LE(last.fds, first.fds + 40) << "more than the idle connections of two pools";
  EXPECT_LE(last.idle, 40);
  EXPECT_GT(asked_, kAll * 2 / 3) << "most calls ended before they were under way";
  EXPECT_TRUE(Eventually([&] { return upstream_.counts().open <= Look().idle; }))
      << upstream_.counts().open << " connections at the upstream";
  EXPECT_TRUE(ledger_.breaches().empty()) << ledger_.breaches().begin()->first;
  gateway_->process.Signal(SIGTERM);
  EXPECT_EQ(gateway_->process.Wait(), 0);
}

// The gaps between the deltas of many streams, by rounds.
class Gaps {
 public:
  explicit Gaps(size_t rounds) : rounds_(rounds) {}
  void Enter(size_t round) { round_ = round; }
  void Add(double ms) {
    const std::lock_guard lock(mutex_);
    if (round_ < rounds_.size()) rounds_[round_].push_back(ms);
  }
  double P99(size_t round) {
    const std::lock_guard lock(mutex_);
    std::vector<double>& gaps = rounds_[round];
    if (gaps.empty()) return 0;
    const auto at = gaps.begin() + static_cast<ptrdiff_t>(gaps.size() * 99 / 100);
    std::nth_element(gaps.begin(), at, gaps.end());
    return *at;
  }

 private:
  std::mutex mutex_;
  std::atomic<size_t> round_{~size_t{0}};  // none yet
  std::vector<std::vector<double>> rounds_;
};

class SlowReader : public Leaks {
 protected:
  static constexpr int kStreams = 200;

  // Opens the normal streams; they run until the fixture cancels them.
  void OpenStreams(Gaps* gaps) {
    CallPlan plan;
    plan.deltas = 1'000'000;
    plan.interval = Milliseconds(50);
    for (int i = 0; i < kStreams; ++i) {
      plan.tls = i % 2 == 0;
      const std::shared_ptr<Record> record = ledger_.Begin(plan);
      streams_.push_back(std::make_unique<ChatStream>(client(i).Chat(soak::RequestFor(*record))));
      readers_.emplace_back([this, gaps, record, stream = streams_.back().get()] {
        using Clock = std::chrono::steady_clock;
        soak::StreamCheck check(&ledger_, record.get());
        std::optional<Clock::time_point> before;
        while (const v1::ChatResponse* event = stream->Next()) {
          check.Take(*event);
          if (!event->has_delta()) continue;
          const Clock::time_point now = Clock::now();
          if (before)
            gaps->Add(std::chrono::duration<double, std::milli>(now - *before).count());
          else
            ++delivering_;
          before = now;
        }
        EXPECT_EQ(stream->status().code, grpc::StatusCode::CANCELLED) << stream->status().ToString();
        ledger_.End(*record);
      });
    }
    EXPECT_TRUE(Eventually([&] { return delivering_ == kStreams; }));
  }
  void CloseStreams() {
    for (auto& stream : streams_) stream->Cancel();
    for (std::thread& reader : readers_) reader.join();
    streams_.clear();
  }

  // Takes 100 MiB, a MiB at a time with rests in between: the upstream could send them at once.
  void ReadSlowly() {
    CallPlan plan;
    plan.deltas = 1600;
    plan.delta_bytes = 64 << 10;
    const std::shared_ptr<Record> record = ledger_.Begin(plan);
    soak::StreamCheck check(&ledger_, record.get());
    ChatStream stream = client(0).Chat(soak::RequestFor(*record));
    while (const v1::ChatResponse* event = stream.Next()) {
      check.Take(*event);
      if (event->has_delta() && check.deltas() % 16 == 0) pause_.For(Milliseconds(25));
    }
    check.End(stream.status());
    ledger_.End(*record);
    EXPECT_TRUE(stream.status().ok()) << stream.status().ToString();
    EXPECT_EQ(check.deltas(), 1600);
  }

  // Does `work` on another thread; the median of the gateway's RSS meanwhile, in MiB.
  double RssWhile(const std::function<void()>& work) {
    std::atomic<bool> done{false};
    std::thread worker([&] {
      work();
      done = true;
    });
    std::vector<double> rss;
    do {
      pause_.For(Milliseconds(100));
      rss.push_back(Look().rss_mib);
    } while (!done);
    worker.join();
    return soak::Median(rss);
  }

  std::atomic<int> delivering_{0};
  std::vector<std::unique_ptr<ChatStream>> streams_;
  std::vector<std::thread> readers_;
};

TEST_F(SlowReader, OfAHundredMebibytesCostsNeitherMemoryNorTheOthersTime) {
  ASSERT_NE(gateway_->grpc_port, 0) << gateway_->process.output();
  constexpr size_t kPairs = 3;
  Gaps gaps(2 * kPairs);
  OpenStreams(&gaps);
  RssWhile([this] { pause_.For(Milliseconds(1000)); });
  std::vector<double> alone, beside, grown;
  for (size_t pair = 0; pair < kPairs; ++pair) {
    gaps.Enter(2 * pair);
    const double rss_alone = RssWhile([this] { pause_.For(Milliseconds(3000)); });
    gaps.Enter(2 * pair + 1);
    const double rss_beside = RssWhile([this] { ReadSlowly(); });
    alone.push_back(gaps.P99(2 * pair));
    beside.push_back(gaps.P99(2 * pair + 1));
    grown.push_back(rss_beside - rss_alone);
    std::printf("200 streams: p99 gap %.1f ms, RSS %.2f MiB; beside a slow reader of 100 MiB: %.1f ms, %.2f MiB\n",
                alone.back(), rss_alone, beside.back(), rss_beside);
  }
  std::printf("pauses of the upstream: %lld\n", static_cast<long long>(Look().pauses));
  // Hundreds where the gateway is quick. Sanitizers make it hardly quicker than the reader: some dozens.
  EXPECT_GT(Look().pauses, 10) << "the reader was not slow";
  EXPECT_LT(soak::Median(beside), 2 * soak::Median(alone));
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  // Each, the first one above all: what it took might stay with the allocator and hide the others'.
  EXPECT_LT(*std::max_element(grown.begin(), grown.end()), 1);
#endif
  CloseStreams();
  Quiet();
  EXPECT_TRUE(ledger_.breaches().empty()) << ledger_.breaches().begin()->first;
}

}  // namespace
}  // namespace sluice::integration
