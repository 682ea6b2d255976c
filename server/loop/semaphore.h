#ifndef SLUICE_SERVER_LOOP_SEMAPHORE_H_
#define SLUICE_SERVER_LOOP_SEMAPHORE_H_

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "server/loop/loop.h"

namespace sluice::loop {

class Permit;

enum class TakeOutcome { kHeld, kWaiting, kRefused };  // kRefused: the line is full

// A number of permits shared by all loops of the process. Who finds none waits in line, first come first served across
// loops, and is told on its own loop. Thread safe; meant to be touched a few times a call, never on a delta's path.
// Held by shared_ptr, which every Permit keeps.
class Semaphore {
 public:
  static constexpr size_t kAnyLine = static_cast<size_t>(-1);

  explicit Semaphore(int permits, size_t longest_line = kAnyLine);
  // Permits out already stay out, and whoever stands in line keeps its place, when a limit falls.
  void SetLimits(int permits, size_t longest_line);

  int held() const { return held_.load(std::memory_order_relaxed); }  // no lock
  size_t waiting() const;

 private:
  friend class Permit;
  struct Waiting;

  // Counts one as held, or makes `permit` stand in line and sets `waiting`, or refuses.
  TakeOutcome TakeOrWait(Loop* loop, Permit* permit, std::shared_ptr<Waiting>* waiting);
  void Leave(const std::shared_ptr<Waiting>& waiting);  // gives the permit back if it was granted meanwhile
  void GiveBack();
  void GrantLocked();  // needs mutex_

  mutable std::mutex mutex_;
  int permits_;
  size_t longest_line_;
  std::list<std::shared_ptr<Waiting>> line_;
  std::atomic<int> held_{0};  // written under the mutex
};

// One place: Take, then hold; destroying gives the permit back, or leaves the line. For one loop's thread.
class Permit {
 public:
  using Outcome = TakeOutcome;

  // `on_granted` runs on `loop` in a later turn, once, if Take had to wait. It may destroy the permit.
  Permit(std::shared_ptr<Semaphore> semaphore, Loop& loop, absl::AnyInvocable<void()> on_granted);
  ~Permit();
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  Outcome Take();  // once
  void Release();  // early, from any state; nothing more happens on destruction

 private:
  friend class Semaphore;
  void Granted();

  const std::shared_ptr<Semaphore> semaphore_;
  Loop& loop_;
  absl::AnyInvocable<void()> on_granted_;
  std::shared_ptr<Semaphore::Waiting> waiting_;  // while in line
  bool held_ = false;
};

}  // namespace sluice::loop

#endif  // SLUICE_SERVER_LOOP_SEMAPHORE_H_
