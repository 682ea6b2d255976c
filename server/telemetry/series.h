#ifndef SLUICE_SERVER_TELEMETRY_SERIES_H_
#define SLUICE_SERVER_TELEMETRY_SERIES_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/telemetry/families.h"
#include "server/telemetry/metrics.h"

namespace sluice::telemetry {

// The metrics of one family that differ in one label only, found by its value at the end of a call: a status code, a
// kind of error. Made on first use and kept. The values are our own words, a few dozen; beyond kMost distinct ones the
// value "other" is used, so that no mistake can grow a label set without bound. Thread safe.
template <typename Metric>
class ByValue {
 public:
  static constexpr size_t kMost = 64;

  explicit ByValue(std::function<Metric&(const std::string& value)> make) : make_(std::move(make)) {}

  Metric& Get(absl::string_view value) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [known, metric] : known_) {
      if (known == value) return *metric;
    }
    if (known_.size() >= kMost) return make_(kOther);  // the family itself finds the one it has
    const std::string text(value);
    Metric& made = make_(text);
    known_.emplace_back(text, &made);
    return made;
  }

 private:
  const std::function<Metric&(const std::string& value)> make_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, Metric*>> known_;
};

// The Series whose counts live in a prometheus registry. Holds the registry alive. Thread safe: the counters are
// atomics, a histogram has its own lock.
class RegisteredSeries final : public Series {
 public:
  RegisteredSeries(std::shared_ptr<Families> families, const SeriesLabels& labels);

  void CallStarted() override;
  void CallEnded(const CallRecord& record) override;
  void AttemptEnded(const AttemptRecord& record) override;
  void Retried(absl::string_view cause) override;
  void RetryDenied() override;
  void Flush(DeltaMeter& meter) override;
  void Paused() override;

 private:
  void AddTokens(const AttemptRecord& record);

  const std::shared_ptr<Families> families_;

  ByValue<prometheus::Counter> calls_;               // by code
  ByValue<prometheus::Histogram> server_durations_;  // by error_type
  ByValue<prometheus::Counter> attempts_;            // by outcome
  ByValue<prometheus::Histogram> client_durations_;  // by error_type
  ByValue<prometheus::Counter> timeouts_;            // by timer
  ByValue<prometheus::Counter> retries_;             // by cause
  ByValue<prometheus::Counter> limits_reached_;      // by limit
  ByValue<prometheus::Counter> call_failures_;       // by cause
  ByValue<prometheus::Counter> streams_cut_;         // by cause
  prometheus::Counter& retries_denied_;
  prometheus::Gauge& open_streams_;
  prometheus::Histogram& time_to_first_token_;
  prometheus::Histogram& time_per_output_token_;
  prometheus::Histogram& overhead_;
  prometheus::Counter& bytes_from_caller_;
  prometheus::Counter& bytes_to_caller_;
  prometheus::Histogram& input_usage_;
  prometheus::Histogram& output_usage_;
  prometheus::Counter& input_tokens_;
  prometheus::Counter& output_tokens_;
  prometheus::Counter& input_tokens_estimated_;
  prometheus::Counter& output_tokens_estimated_;
  prometheus::Counter& bytes_from_upstream_;
  prometheus::Counter& bytes_to_upstream_;
  prometheus::Counter& deltas_;
  prometheus::Histogram& delta_gap_;
  prometheus::Counter& pauses_;
};

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_SERIES_H_
