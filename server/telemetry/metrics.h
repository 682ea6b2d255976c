#ifndef SLUICE_SERVER_TELEMETRY_METRICS_H_
#define SLUICE_SERVER_TELEMETRY_METRICS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace sluice::telemetry {

// Counts what one open stream delivers: plain integers on the stream's own thread, added to the shared series now and
// then (Series::Flush), so that a delta touches no lock and no atomic.
class DeltaMeter {
 public:
  // Upper bounds of the gap histogram, seconds: between two deltas of one stream as they leave for the caller.
  static constexpr std::array<double, 16> kGapBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075,
                                                        0.1,    0.15,  0.2,    0.3,   0.5,  1,     2.5,  10};
  // One delta left for the caller at `now`. The first of a stream has no gap.
  void Count(MonoTime now) {
    ++pending_.deltas;
    if (total_++ > 0) {
      const Nanos gap = now - last_;
      ++pending_.gaps[BucketOf(gap)];
      pending_.gap_sum += gap;
    }
    last_ = now;
  }
  uint64_t unflushed() const { return pending_.deltas; }
  uint64_t total() const { return total_; }

  using GapCounts = std::array<uint32_t, kGapBounds.size() + 1>;  // a bound belongs to its bucket; the last is +Inf
  struct Pending {
    uint64_t deltas = 0;
    GapCounts gaps = {};
    Nanos gap_sum{0};
  };
  // What was counted since the last Take. For Series::Flush.
  Pending Take() { return std::exchange(pending_, Pending()); }

 private:
  // In whole nanoseconds, so that a gap of exactly a bound is not lost to rounding.
  static constexpr auto kGapBoundNanos = [] {
    std::array<int64_t, kGapBounds.size()> nanos{};
    for (size_t i = 0; i < nanos.size(); ++i) nanos[i] = static_cast<int64_t>(kGapBounds[i] * 1e9 + 0.5);
    return nanos;
  }();
  static size_t BucketOf(Nanos gap) {
    const auto* bound = std::lower_bound(kGapBoundNanos.begin(), kGapBoundNanos.end(), gap.count());
    return static_cast<size_t>(bound - kGapBoundNanos.begin());
  }

  Pending pending_;
  uint64_t total_ = 0;
  MonoTime last_;
};

// What is known of a call when it ends.
struct CallRecord {
  absl::string_view code;        // gRPC code name: "OK", "UNAVAILABLE"
  absl::string_view error_type;  // ErrorKindName, or "" on success
  // The timer that ended the call itself, whichever attempt was running: "total", "caller_stall"; "" if none did. A
  // timer stands here or in an AttemptRecord, never in both.
  absl::string_view timer;
  bool failed = false;      // and not by the caller's fault
  bool cut = false;         // it failed after its first output had left, and not by the caller's doing
  absl::string_view limit;  // our own limit that the call was above, as "limits.open_calls"; "" if none
  double duration_s = 0;
  std::optional<double> time_to_first_output_s;
  std::optional<double> time_per_output_token_s;  // (duration - ttft) / (completion tokens - 1)
  std::optional<double> overhead_s;               // what the gateway itself added before the first output left
  uint64_t bytes_from_caller = 0;
  uint64_t bytes_to_caller = 0;
};

// What is known of one attempt (one upstream request) when it ends.
struct AttemptRecord {
  absl::string_view error_type;  // ErrorKindName, or "" on success
  absl::string_view timer;       // the attempt's own timer that ended it, as "first_byte"; "" if none did
  double duration_s = 0;
  std::optional<int64_t> prompt_tokens;
  std::optional<int64_t> completion_tokens;
  bool tokens_estimated = false;  // the two counts are the gateway's own guess
  uint64_t bytes_to_upstream = 0;
  uint64_t bytes_from_upstream = 0;
};

// The series of one (operation, route, upstream, model), resolved when the configuration is built. Thread safe.
class Series {
 public:
  virtual ~Series() = default;
  virtual void CallStarted() = 0;  // open streams up
  virtual void CallEnded(const CallRecord& record) = 0;
  virtual void AttemptEnded(const AttemptRecord& record) = 0;
  // Another attempt begins after one that failed; `cause` is that one's ErrorKindName.
  virtual void Retried(absl::string_view cause) = 0;
  virtual void RetryDenied() = 0;  // none begins, because the upstream's retry budget is used up
  virtual void Flush(DeltaMeter& meter) = 0;
  virtual void Paused() = 0;  // back-pressure: an upstream was paused for a slow caller
};

// Label values of a Series. Every value comes from the configuration ("other" stands for names that do not), so that
// callers cannot grow the label sets.
struct SeriesLabels {
  std::string operation;  // "chat" or "complete"
  std::string route;      // the route's pattern, or "none"
  std::string upstream;   // or "none"
  std::string provider;   // gen_ai_provider_name: ProviderName of the dialect
  std::string model;      // request model if named in the configuration, else "other"
  std::string server;     // server_address: the upstream's host
};

struct PoolSample {
  std::string upstream;
  int open = 0, in_flight = 0, waiting = 0;
  uint64_t opened_total = 0;
  int limit = 0;  // pool.connections
};

// Spans since the start.
struct SpanCounts {
  uint64_t sent = 0;     // the collector has them
  uint64_t dropped = 0;  // the queue was full
  uint64_t failed = 0;   // the collector was not there, or would not take them
};

// The gateway as a whole, at the time of a scrape.
struct GatewaySample {
  SpanCounts spans;
  int queued_calls = 0;
  int open_calls_limit = 0;
  absl::Duration drain_limit;
  std::optional<absl::Time> draining_since;
  std::optional<absl::Time> certificate_expiry;  // none without TLS
  std::optional<absl::Time> client_ca_expiry;
};

// The process's metrics: GenAI conventions (OpenTelemetry, names kept behind one mapping in names.h), sluice_*, and
// process_*. One per process; thread safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  // The same labels give the same series, so a reload keeps counting where it was.
  std::shared_ptr<Series> Resolve(const SeriesLabels& labels);
  // Before the first, the configuration of the start is in force.
  void ReloadDone(bool ok);
  // Called on each scrape for the pools' present state; empty calls none. `sampler` must not call back into Metrics.
  // When this returns, the sampler before it is not running and is not called again.
  void SetPoolSampler(std::function<std::vector<PoolSample>()> sampler);
  // The same for the gateway as a whole.
  void SetGatewaySampler(std::function<GatewaySample()> sampler);
  // The text exposition format 0.0.4.
  std::string Scrape() const;
  static constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct State;  // keeps prometheus-cpp's headers inside this room
  const std::unique_ptr<State> state_;
};

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_METRICS_H_
