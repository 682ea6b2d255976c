#ifndef SLUICE_TESTS_BENCH_LOAD_POLLER_H_
#define SLUICE_TESTS_BENCH_LOAD_POLLER_H_

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "absl/types/span.h"

namespace sluice::bench {

// Something that waits for a descriptor. `events` are epoll's bits.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void Ready(uint32_t events) = 0;
};

// epoll with waits exact to the microsecond, which also measures how long its owner lets events wait.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // A descriptor that is closed need not be forgotten.
  void Watch(int fd, uint32_t events, Waiter* waiter) const;
  void Change(int fd, uint32_t events, Waiter* waiter) const;
  void Forget(int fd) const;

  // Waits for at most `wait_ns`, 0 or less: not at all. The events are valid until the next call, and the owner must
  // not delete a waiter that may still be among them.
  absl::Span<const epoll_event> Wait(int64_t wait_ns);

  // The longest time since ResetTurns from the return of a Wait to the next one: what came meanwhile had to wait.
  int64_t longest_turn_ns() const { return longest_turn_; }
  void ResetTurns() { longest_turn_ = 0; }

 private:
  void Control(int operation, int fd, uint32_t events, Waiter* waiter) const;

  int epoll_;
  int64_t turn_began_ = 0;
  int64_t longest_turn_ = 0;
  std::array<epoll_event, 512> events_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_POLLER_H_
