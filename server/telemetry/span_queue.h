#ifndef SLUICE_SERVER_TELEMETRY_SPAN_QUEUE_H_
#define SLUICE_SERVER_TELEMETRY_SPAN_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "server/telemetry/metrics.h"
#include "server/telemetry/span.h"

namespace sluice::telemetry {

// Spans on their way from the engines to the exporter. An engine never waits: what finds the queue full is dropped, and
// counted. Thread safe.
class SpanQueue {
 public:
  explicit SpanQueue(size_t capacity = 8192) : capacity_(capacity) {}

  void Add(Span span);

  // Waits for spans, then `linger` for more of them, and takes `most` at the most. Empty once the queue is closed and
  // has nothing left. For one thread.
  std::vector<Span> Take(size_t most, std::chrono::milliseconds linger);
  // Nothing more comes: waiting ends.
  void Close();

  void CountSent(size_t spans);    // the collector has them
  void CountFailed(size_t spans);  // it would not take them
  SpanCounts counts() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Span> waiting_;
  SpanCounts counts_;
  size_t wanted_ = 0;  // so many make a batch: the exporter is woken for the first span and for this one
  bool closed_ = false;
};

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_SPAN_QUEUE_H_
