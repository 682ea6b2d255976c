#include "server/upstream/pool.h"

#include <utility>

namespace sluice::upstream {

struct Pool::Waiting {
  loop::Loop* loop;
  Slot* slot;            // for the loop's thread; null once the slot has left
  bool granted = false;  // guarded by the pool's mutex
  std::list<std::shared_ptr<Waiting>>::iterator place;
};

Pool::Pool(PoolLimits limits) : limits_(limits), idle_limit_(limits.idle) {}

void Pool::SetLimits(PoolLimits limits) {
  std::lock_guard lock(mutex_);
  limits_ = limits;
  idle_limit_.store(limits.idle, std::memory_order_relaxed);
  GrantLocked();
}

PoolLimits Pool::limits() const {
  std::lock_guard lock(mutex_);
  return limits_;
}

PoolStats Pool::stats() const {
  std::lock_guard lock(mutex_);
  return PoolStats{open_.load(), in_flight_.load(), static_cast<int>(line_.size()), opened_total_};
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

bool Pool::RoomForIdle() const {
  return open_.load(std::memory_order_relaxed) - in_flight_.load(std::memory_order_relaxed) <
         idle_limit_.load(std::memory_order_relaxed);
}

std::shared_ptr<Pool::Waiting> Pool::TakeOrWait(loop::Loop* loop, Slot* slot) {
  std::lock_guard lock(mutex_);
  if (line_.empty() && in_flight_.load() < limits_.connections) {
    ++in_flight_;
    return nullptr;
  }
  auto waiting = std::make_shared<Waiting>(Waiting{loop, slot, false, {}});
  waiting->place = line_.insert(line_.end(), waiting);
  return waiting;
}

void Pool::Leave(const std::shared_ptr<Waiting>& waiting) {
  std::lock_guard lock(mutex_);
  if (!waiting->granted) {
    line_.erase(waiting->place);
    return;
  }
  --in_flight_;
  GrantLocked();
}

void Pool::Release() {
  std::lock_guard lock(mutex_);
  --in_flight_;
  GrantLocked();
}

void Pool::GrantLocked() {
  while (!line_.empty() && in_flight_.load() < limits_.connections) {
    std::shared_ptr<Waiting> first = std::move(line_.front());
    line_.pop_front();
    first->granted = true;
    ++in_flight_;
    // Posted under the lock: once a slot has left the line, nobody touches its loop any more.
    loop::Loop* loop = first->loop;
    loop->Post([first = std::move(first)] {
      if (first->slot != nullptr) first->slot->Granted();
    });
  }
}

Slot::Slot(std::shared_ptr<Pool> pool, loop::Loop& loop, absl::AnyInvocable<void()> on_granted)
    : pool_(std::move(pool)), loop_(loop), on_granted_(std::move(on_granted)) {}

Slot::~Slot() { Release(); }

bool Slot::Take() {
  waiting_ = pool_->TakeOrWait(&loop_, this);
  held_ = waiting_ == nullptr;
  return held_;
}

void Slot::Release() {
  if (waiting_ != nullptr) {
    waiting_->slot = nullptr;
    pool_->Leave(waiting_);
    waiting_ = nullptr;
  }
  if (std::exchange(held_, false)) pool_->Release();
}

void Slot::Granted() {
  waiting_ = nullptr;
  held_ = true;
  auto on_granted = std::move(on_granted_);
  on_granted();
}

}  // namespace sluice::upstream
