#include "server/telemetry/span_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::telemetry {

void SpanQueue::Add(Span span) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || waiting_.size() >= capacity_) {
      ++counts_.dropped;
      return;
    }
    waiting_.push_back(std::move(span));
    if (waiting_.size() != 1 && waiting_.size() != wanted_) return;
  }
  changed_.notify_one();
}

std::vector<Span> SpanQueue::Take(size_t most, std::chrono::milliseconds linger) {
  std::unique_lock lock(mutex_);
  wanted_ = most;
  changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
  changed_.wait_for(lock, linger, [&] { return closed_ || waiting_.size() >= most; });
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
  std::vector<Span> batch(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

void SpanQueue::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

void SpanQueue::CountSent(size_t spans) {
  const std::lock_guard lock(mutex_);
  counts_.sent += spans;
}

void SpanQueue::CountFailed(size_t spans) {
  const std::lock_guard lock(mutex_);
  counts_.failed += spans;
}

SpanCounts SpanQueue::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace sluice::telemetry
