#include "server/upstream/pool.h"

namespace sluice::upstream {

Pool::Pool(PoolLimits limits)
    : slots_(std::make_shared<loop::Semaphore>(limits.connections)), limits_(limits), idle_limit_(limits.idle) {}

void Pool::SetLimits(PoolLimits limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
  idle_limit_.store(limits.idle, std::memory_order_relaxed);
  slots_->SetLimits(limits.connections, loop::Semaphore::kAnyLine);
}

PoolLimits Pool::limits() const {
  std::lock_guard lock(mutex_);
  return limits_;
}

PoolStats Pool::stats() const {
  std::lock_guard lock(mutex_);
  return PoolStats{open_.load(), slots_->held(), static_cast<int>(slots_->waiting()), opened_total_};
}

void Pool::ConnectionOpened() {
  std::lock_guard lock(mutex_);
  ++open_;
  ++opened_total_;
}

void Pool::ConnectionClosed() {
  std::lock_guard lock(mutex_);
  --open_;
}

bool Pool::RoomForIdle(int ended) const {
  return open_.load(std::memory_order_relaxed) - slots_->held() + ended < idle_limit_.load(std::memory_order_relaxed);
}

}  // namespace sluice::upstream
