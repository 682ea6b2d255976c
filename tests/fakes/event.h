#ifndef SLUICE_TESTS_FAKES_EVENT_H_
#define SLUICE_TESTS_FAKES_EVENT_H_

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>

namespace sluice::fakes {

// Something that happens, for tests to wait on. Thread safe.
class Event {
 public:
  Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Event() { close(fd_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Set() {
    set_.store(true, std::memory_order_release);
    eventfd_write(fd_, 1);
  }
  bool IsSet() const { return Poll(0); }
  void Clear() {
    eventfd_t value;
    eventfd_read(fd_, &value);
  }
  bool Wait(int timeout_ms = 10'000) const { return Poll(timeout_ms); }  // false: it did not happen in time
  int fd() const { return fd_; }                                         // readable from Set on

 private:
  bool Poll(int timeout_ms) const {
    pollfd item{fd_, POLLIN, 0};
    // The load shows thread sanitizers the order that the descriptor establishes.
    return poll(&item, 1, timeout_ms) == 1 && set_.load(std::memory_order_acquire);
  }

  int fd_;
  std::atomic<bool> set_{false};
};

}  // namespace sluice::fakes

#endif  // SLUICE_TESTS_FAKES_EVENT_H_
