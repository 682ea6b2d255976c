#ifndef SLUICE_SERVER_UPSTREAM_POOL_H_
#define SLUICE_SERVER_UPSTREAM_POOL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "absl/time/time.h"
#include "server/loop/semaphore.h"

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

// The connection budget of one upstream, shared by all engines of the process. Thread safe; touched twice a call, never
// on a delta's path. Held by shared_ptr.
class Pool {
 public:
  explicit Pool(PoolLimits limits);
  void SetLimits(PoolLimits limits);  // reload; running transfers keep their slots
  PoolLimits limits() const;
  PoolStats stats() const;

  // The engine's side. A transfer takes one of these before it connects and gives it back when it ends; who finds none
  // waits in line, first come first served across engines.
  const std::shared_ptr<loop::Semaphore>& slots() const { return slots_; }
  void ConnectionOpened();
  void ConnectionClosed();
  // Whether one more connection may stay open after its transfer. `ended` are transfers that have not yet given their
  // slots back. No lock.
  bool RoomForIdle(int ended = 0) const;

 private:
  const std::shared_ptr<loop::Semaphore> slots_;
  mutable std::mutex mutex_;  // guards what follows
  PoolLimits limits_;
  uint64_t opened_total_ = 0;
  // Written under the mutex, read without it by RoomForIdle.
  std::atomic<int> open_{0};
  std::atomic<int> idle_limit_;
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_POOL_H_
