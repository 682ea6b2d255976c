#include "tests/bench/load/poller.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "tests/bench/load/clock.h"

namespace sluice::bench {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  prctl(PR_SET_TIMERSLACK, 1UL);  // by default the kernel may end every wait 50 us late
}

Poller::~Poller() { close(epoll_); }

void Poller::Watch(int fd, uint32_t events, Waiter* waiter) const { Control(EPOLL_CTL_ADD, fd, events, waiter); }

void Poller::Change(int fd, uint32_t events, Waiter* waiter) const { Control(EPOLL_CTL_MOD, fd, events, waiter); }

void Poller::Forget(int fd) const { Control(EPOLL_CTL_DEL, fd, 0, nullptr); }

void Poller::Control(int operation, int fd, uint32_t events, Waiter* waiter) const {
  epoll_event event{};
  event.events = events;
  event.data.ptr = waiter;
  if (epoll_ctl(epoll_, operation, fd, &event) != 0) {
    perror("epoll_ctl");
    exit(1);
  }
}

absl::Span<const epoll_event> Poller::Wait(int64_t wait_ns) {
  if (turn_began_ != 0) longest_turn_ = std::max(longest_turn_, NowNs() - turn_began_);
  const int64_t wait = std::max<int64_t>(0, wait_ns);
  const timespec timeout{wait / kNsPerSecond, wait % kNsPerSecond};
  const int ready = epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
  turn_began_ = NowNs();
  if (ready < 0 && errno != EINTR) {
    perror("epoll_pwait2");
    exit(1);
  }
  return absl::MakeConstSpan(events_.data(), static_cast<size_t>(std::max(0, ready)));
}

}  // namespace sluice::bench
