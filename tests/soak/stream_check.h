#ifndef SLUICE_TESTS_SOAK_STREAM_CHECK_H_
#define SLUICE_TESTS_SOAK_STREAM_CHECK_H_

#include <cstdint>
#include <string>

#include "sluice/v1/chat.pb.h"
#include "tests/soak/ledger.h"

namespace sluice::soak {

// Compares what a caller receives with what its upstream sent: every delta, in order, once, of one attempt, nobody
// else's. What differs goes to the ledger as a breach.
class StreamCheck {
 public:
  StreamCheck(Ledger* ledger, const Record* record) : ledger_(ledger), record_(record) {}

  void Take(const v1::ChatResponse& event);
  // A gathered answer, whole by definition.
  void Take(const v1::CompleteResponse& response);
  // Judges the whole, once the call has ended like this.
  void End(const CallStatus& status);

  int deltas() const { return next_; }

 private:
  void TakeText(const std::string& text);
  void TakeUsage(const v1::Usage& usage);
  void Breach(const std::string& kind, const std::string& detail) const;
  std::string Expected() const { return DeltaText(record_->number, attempt_, next_, record_->plan.delta_bytes); }

  Ledger* const ledger_;
  const Record* const record_;
  int attempt_ = 0;  // of the first delta
  int next_ = 0;     // the number of the delta that is due
  int64_t text_bytes_ = 0;
  int started_ = 0, finished_ = 0, usages_ = 0;
};

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_STREAM_CHECK_H_
