#ifndef SLUICE_SERVER_UPSTREAM_POOL_H_
#define SLUICE_SERVER_UPSTREAM_POOL_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/loop/loop.h"

namespace sluice::upstream {

struct PoolLimits {
  int connections = 1024;                           // requests in flight to this upstream, whole process; 1..
  int idle = 20;                                    // connections kept open beyond those; 0 keeps none
  absl::Duration idle_expiry = absl::Seconds(300);  // an idle connection older than this is closed
};

struct PoolStats {
  int open = 0;  // connections, in use and idle
  int in_flight = 0;
  int waiting = 0;  // transfers queued for a slot
  uint64_t opened_total = 0;
};

class Slot;

// The connection budget of one upstream, shared by all engines of the process. A transfer takes a slot before it
// connects and gives it back when it ends; who finds none waits in line, first come first served across engines.
// Thread safe; touched twice a call, never on a delta's path. Held by shared_ptr, which every Slot keeps.
class Pool {
 public:
  explicit Pool(PoolLimits limits);
  void SetLimits(PoolLimits limits);  // reload; running transfers keep their slots
  PoolLimits limits() const;
  PoolStats stats() const;

  // The engine's side.
  void ConnectionOpened();
  void ConnectionClosed();
  // Whether one more connection may stay open after its transfer. Two loads, no lock.
  bool RoomForIdle() const;

 private:
  friend class Slot;
  struct Waiting;

  // Takes a slot for `slot` (null), or makes it stand in line.
  std::shared_ptr<Waiting> TakeOrWait(loop::Loop* loop, Slot* slot);
  void Leave(const std::shared_ptr<Waiting>& waiting);  // gives the slot back if it was granted meanwhile
  void Release();
  void GrantLocked();  // needs mutex_

  mutable std::mutex mutex_;
  PoolLimits limits_;
  std::list<std::shared_ptr<Waiting>> line_;
  uint64_t opened_total_ = 0;
  // Written under the mutex, read without it by RoomForIdle.
  std::atomic<int> open_{0};
  std::atomic<int> in_flight_{0};
  std::atomic<int> idle_limit_;
};

// One transfer's place in its pool, for one loop's thread. Take, then hold; destroying gives the slot back, or leaves
// the line.
class Slot {
 public:
  // `on_granted` runs on `loop` in a later turn, once, if Take had to wait. It may destroy the slot.
  Slot(std::shared_ptr<Pool> pool, loop::Loop& loop, absl::AnyInvocable<void()> on_granted);
  ~Slot();
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  bool Take();     // once; true: the slot is held now, false: waiting in line
  void Release();  // early; nothing more happens on destruction

 private:
  friend class Pool;
  void Granted();

  std::shared_ptr<Pool> pool_;
  loop::Loop& loop_;
  absl::AnyInvocable<void()> on_granted_;
  std::shared_ptr<Pool::Waiting> waiting_;  // while in line
  bool held_ = false;
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_POOL_H_
