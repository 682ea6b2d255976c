#ifndef SLUICE_TESTS_BENCH_GUARD_GATEWAY_H_
#define SLUICE_TESTS_BENCH_GUARD_GATEWAY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/fake_random.h"
#include "server/edge/grpc/response_queue.h"
#include "server/exchange/engine_context.h"
#include "server/exchange/exchange.h"
#include "server/exchange/ledger.h"
#include "server/loop/loop.h"
#include "server/telemetry/metrics.h"
#include "server/upstream/client.h"
#include "sluice/v1/chat.pb.h"

namespace sluice::bench {

// The upstream's side: takes every request and says nothing by itself.
class SilentClient final : public upstream::Client {
 public:
  std::unique_ptr<upstream::Transfer> Start(std::shared_ptr<const upstream::Destination> destination,
                                            upstream::Request request, upstream::Receiver* receiver) override;
  void Retire(std::unique_ptr<upstream::Transfer> transfer) override;

  upstream::Receiver* TakeReceiver() { return std::exchange(receiver_, nullptr); }  // of the transfer just started

 private:
  upstream::Receiver* receiver_ = nullptr;
};

// Stands still until it is told to move, and counts how often it is asked: that costs time, though next to no
// instructions. One thread.
class SteppedClock final : public Clock {
 public:
  MonoTime Now() const override {
    ++reads_;
    return now_;
  }
  absl::Time WallNow() const override {
    return absl::FromUnixSeconds(1'741'569'952) + absl::FromChrono(now_ - MonoTime());
  }
  void Advance(Nanos time) { now_ += time; }
  uint64_t reads() const { return reads_; }

 private:
  MonoTime now_{std::chrono::seconds(1)};
  mutable uint64_t reads_ = 0;
};

// One engine of the gateway without its two ends, the sockets: a caller's request is handed in as a message, what the
// upstream sends as bytes, and what the caller would get is serialized into a buffer and dropped. All between is the
// product's own, metrics and access lines too. Every run executes the same instructions. One thread.
class Gateway {
 public:
  Gateway();
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  const exchange::EngineContext& context() const { return context_; }
  SilentClient& client() { return client_; }
  uint64_t clock_reads() const { return clock_.reads(); }
  uint64_t access_lines() const { return access_lines_; }
  // The end of a loop's turn, and the time until the next.
  void Turn(absl::Duration time);

 private:
  SteppedClock clock_;
  loop::Loop loop_{clock_};
  SilentClient client_;
  telemetry::Metrics metrics_;
  FakeRandom random_;
  exchange::EngineContext context_;
  uint64_t access_lines_ = 0;
};

// A usual request: a system prompt and a question.
v1::ChatRequest UsualRequest();

// One Chat call. What edge::ChatCall does for gRPC this does for a buffer, in the same order.
class Chat final : private exchange::Consumer {
 public:
  struct Counts {
    int64_t messages = 0;
    int64_t deltas = 0;
    size_t text_bytes = 0;  // of deltas: text, reasoning and arguments
    size_t bytes = 0;       // serialized
    bool complete = false;  // it ended, and well
  };

  // `gateway` outlives the call.
  explicit Chat(Gateway& gateway);
  ~Chat() override;

  // The call comes; the upstream is asked, and answers 200.
  void Start(v1::ChatRequest request);
  // One read of the upstream's reply, and the writes at the end of the turn.
  void Read(absl::string_view bytes);
  const Counts& counts() const { return counts_; }

 private:
  void OnStarted(const exchange::Started& started) override;
  void OnDelta(const chat::Delta& delta) override;
  // The scripts have no such events.
  void OnWarning(const chat::Warning&) override {}
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished& finished) override;
  void OnUsage(const chat::Usage& usage) override;
  void OnRetract() override { queue_.Clear(); }
  void OnEnd(const chat::Error* error) override;

  void Queued();
  void Flush();
  void WriteFront();

  Gateway& gateway_;
  exchange::Ledger ledger_;
  exchange::Exchange exchange_;
  upstream::Receiver* upstream_ = nullptr;  // until the answer's end
  edge::ResponseQueue queue_;
  std::string wire_;
  Counts counts_;
  bool holding_back_ = false;
  bool output_written_ = false;
  bool ended_ = false;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_GUARD_GATEWAY_H_
