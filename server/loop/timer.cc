#include "server/loop/timer.h"

#include <utility>

#include "server/loop/loop.h"

namespace sluice::loop {
namespace {

// Timers that were moved later are put in their new places so long before the old ones come: ten thousand streams that
// fell silent one by one then cost one early wake-up a second, not ten thousand.
constexpr Nanos kAhead = std::chrono::seconds(1);

}  // namespace

Timer::Timer(Loop& loop, absl::AnyInvocable<void()> callback) : loop_(loop), callback_(std::move(callback)) {}

Timer::~Timer() { loop_.timers_.Remove(this); }

void Timer::ArmAt(MonoTime deadline) {
  deadline_ = deadline;
  if (armed()) loop_.timers_.Put(this);
}

void Timer::ArmAfter(absl::Duration delay) { ArmAt(After(loop_.Now(), delay)); }

MonoTime TimerQueue::NextWake() {
  while (!heap_.empty() && !heap_.front().timer->armed()) RemoveAt(0);
  return heap_.empty() ? MonoTime::max() : heap_.front().time;
}

void TimerQueue::RunDue(MonoTime now) {
  while (!heap_.empty() && heap_.front().time <= now + kAhead) {
    Timer* timer = heap_.front().timer;
    if (timer->armed() && timer->deadline_ > heap_.front().time) {  // moved later since it was placed
      heap_.front().time = timer->deadline_;
      SiftDown(0);
      continue;
    }
    if (timer->armed() && heap_.front().time > now) break;
    RemoveAt(0);
    if (!timer->armed()) continue;
    timer->place_ = Timer::Place::kDue;
    timer->index_ = due_.size();
    due_.push_back(timer);
  }
  for (size_t i = 0; i < due_.size(); ++i) {
    Timer* timer = due_[i];
    if (timer == nullptr) continue;
    timer->place_ = Timer::Place::kNowhere;
    if (!timer->armed()) continue;
    timer->Cancel();
    // Called from a local: the callback may destroy its timer, and with it the callable's own storage.
    auto callback = std::move(timer->callback_);
    running_ = timer;
    callback();
    if (running_ != nullptr) timer->callback_ = std::move(callback);
    running_ = nullptr;
  }
  due_.clear();
}

void TimerQueue::Put(Timer* timer) {
  if (timer->place_ == Timer::Place::kHeap) {
    if (timer->deadline_ >= heap_[timer->index_].time) return;
    heap_[timer->index_].time = timer->deadline_;
    SiftUp(timer->index_);
    return;
  }
  if (timer->place_ == Timer::Place::kDue) due_[timer->index_] = nullptr;
  timer->place_ = Timer::Place::kHeap;
  heap_.push_back(Entry{timer->deadline_, timer});
  SiftUp(heap_.size() - 1);
}

void TimerQueue::Remove(Timer* timer) {
  if (timer->place_ == Timer::Place::kHeap) RemoveAt(timer->index_);
  if (timer->place_ == Timer::Place::kDue) due_[timer->index_] = nullptr;
  if (running_ == timer) running_ = nullptr;
}

void TimerQueue::RemoveAt(size_t index) {
  heap_[index].timer->place_ = Timer::Place::kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  SetEntry(index, last);
  SiftUp(index);
  SiftDown(last.timer->index_);
}

void TimerQueue::SiftUp(size_t index) {
  const Entry entry = heap_[index];
  while (index > 0) {
    const size_t parent = (index - 1) / 2;
    if (heap_[parent].time <= entry.time) break;
    SetEntry(index, heap_[parent]);
    index = parent;
  }
  SetEntry(index, entry);
}

void TimerQueue::SiftDown(size_t index) {
  const Entry entry = heap_[index];
  while (true) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].time < heap_[child].time) ++child;
    if (entry.time <= heap_[child].time) break;
    SetEntry(index, heap_[child]);
    index = child;
  }
  SetEntry(index, entry);
}

void TimerQueue::SetEntry(size_t index, Entry entry) {
  heap_[index] = entry;
  entry.timer->index_ = index;
}

}  // namespace sluice::loop
