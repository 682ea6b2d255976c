#ifndef SLUICE_SERVER_LOOP_TIMER_H_
#define SLUICE_SERVER_LOOP_TIMER_H_

#include <cstddef>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/base/clock.h"

namespace sluice::loop {

class Loop;
class TimerQueue;

// Calls back once, on the loop's thread, at or after its deadline (never inline from ArmAt, even when that has passed).
// Made for timers that are pushed out on every read: moving the deadline later is one store; the loop puts the timer
// back when the old time comes. The callback may re-arm or destroy the timer. Destroying cancels. A timer does not
// outlive its loop.
class Timer {
 public:
  Timer(Loop& loop, absl::AnyInvocable<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void ArmAt(MonoTime deadline);
  void ArmAfter(absl::Duration delay);  // from loop.Now(); an infinite delay never fires
  void Cancel() { deadline_ = MonoTime::max(); }
  bool armed() const { return deadline_ != MonoTime::max(); }

 private:
  friend class TimerQueue;
  enum class Place : char { kNowhere, kHeap, kDue };

  Loop& loop_;
  absl::AnyInvocable<void()> callback_;
  MonoTime deadline_ = MonoTime::max();  // max: not armed, whatever place it still holds in the queue
  size_t index_ = 0;                     // within heap or due list
  Place place_ = Place::kNowhere;
};

// The timers of one loop: a binary heap whose entries may stand earlier than their timer's deadline, never later.
class TimerQueue {
 public:
  // The time to wake up for; MonoTime::max() when nothing is armed. Drops cancelled timers from the top, so that they
  // wake nobody; a deadline that was only moved later costs one early wake-up instead of a heap walk on every re-arm.
  MonoTime NextWake();
  // Calls back what is due at `now`. A timer armed by a callback waits for the next call, even if it is due already.
  // Timers that were moved later and would wake the loop soon for nothing are put in their places on the way.
  void RunDue(MonoTime now);

 private:
  friend class Timer;
  struct Entry {
    MonoTime time;
    Timer* timer;
  };

  void Put(Timer* timer);     // `timer` got a deadline: places it, or moves it if it has become earlier
  void Remove(Timer* timer);  // from wherever it is
  void RemoveAt(size_t index);
  void SiftUp(size_t index);
  void SiftDown(size_t index);
  void SetEntry(size_t index, Entry entry);

  std::vector<Entry> heap_;
  std::vector<Timer*> due_;   // being run; null where a timer was removed or armed anew meanwhile
  Timer* running_ = nullptr;  // null again if its callback destroyed it
};

}  // namespace sluice::loop

#endif  // SLUICE_SERVER_LOOP_TIMER_H_
