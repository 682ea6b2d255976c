#include "server/loop/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::loop {
namespace {

constexpr int kEventsPerTurn = 32;
constexpr uint64_t kWakeKey = ~uint64_t{0};

uint64_t KeyOf(int fd, uint32_t generation) {
  return (static_cast<uint64_t>(generation) << 32) | static_cast<uint32_t>(fd);
}

// Without these two descriptors the process can do nothing at all, and nobody could handle the error.
int OrDie(int fd, const char* what) {
  if (fd >= 0) return fd;
  std::perror(what);
  std::abort();
}

}  // namespace

Loop::Loop(const Clock& clock)
    : clock_(clock),
      now_(clock.Now()),
      thread_(std::this_thread::get_id()),
      epoll_fd_(OrDie(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_fd_(OrDie(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeKey;
  OrDie(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event), "epoll_ctl");
}

Loop::~Loop() {
  // A task that is dropped may post another from its destructor.
  while (true) {
    std::vector<Task> dropped;
    {
      std::lock_guard lock(mutex_);
      dropped.swap(posted_);
    }
    if (dropped.empty()) break;
  }
  close(wake_fd_);
  close(epoll_fd_);
}

void Loop::Run() {
  while (!TurnOnce(true)) {
  }
  std::lock_guard lock(mutex_);
  stop_ = false;
}

void Loop::Turn(bool wait) { TurnOnce(wait); }

bool Loop::TurnOnce(bool wait) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  PollEvents(wait);
  timers_.RunDue(now_);
  EndStep();
  const bool stopped = RunTasks();
  EndTurn();
  return stopped;
}

// How long to sleep: nothing when there is work already. Marks the loop as sleeping, so that Post knows to wake it.
MonoTime Loop::WakeTime(bool wait) {
  if (!wait) return MonoTime::min();
  const MonoTime wake = timers_.NextWake();
  std::lock_guard lock(mutex_);
  if (!posted_.empty() || stop_) return MonoTime::min();
  sleeping_ = true;
  return wake;
}

void Loop::PollEvents(bool wait) {
  std::array<epoll_event, kEventsPerTurn> events;
  const MonoTime wake = WakeTime(wait);
  const Nanos timeout = wake == MonoTime::min() ? Nanos(0) : std::max(Nanos(0), wake - clock_.Now());
  const bool forever = wake == MonoTime::max();
  int count = -1;
  if (precise_wait_) {
    // In nanoseconds: a wait rounded up to milliseconds would make every deadline late.
    const timespec spec{timeout.count() / 1'000'000'000, timeout.count() % 1'000'000'000};
    count = epoll_pwait2(epoll_fd_, events.data(), kEventsPerTurn, forever ? nullptr : &spec, nullptr);
    // Linux before 5.11 and some sandboxes have no such call.
    if (count < 0 && (errno == ENOSYS || errno == EPERM)) precise_wait_ = false;
  }
  if (!precise_wait_) {
    const auto millis = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
    const int bounded = static_cast<int>(std::min<int64_t>(millis, 24 * 3600 * 1000));
    count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, forever ? -1 : bounded);
  }
  now_ = clock_.Now();
  for (int i = 0; i < count; ++i) {
    HandleEvent(events[static_cast<size_t>(i)].data.u64, events[static_cast<size_t>(i)].events);
    EndStep();
  }
}

void Loop::HandleEvent(uint64_t key, uint32_t events) {
  if (key == kWakeKey) {
    uint64_t ignored;
    [[maybe_unused]] const ssize_t got = read(wake_fd_, &ignored, sizeof(ignored));
    return;
  }
  const Watched& watched = watched_[static_cast<uint32_t>(key)];
  if (watched.handler != nullptr && watched.generation == key >> 32) watched.handler->OnFd(events);
}

bool Loop::RunTasks() {
  bool stopped = false;
  {
    std::lock_guard lock(mutex_);
    sleeping_ = false;
    stopped = stop_;
    running_tasks_.swap(posted_);
  }
  for (Task& task : running_tasks_) {
    task();
    EndStep();
  }
  running_tasks_.clear();
  return stopped;
}

void Loop::EndStep() {
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i] != nullptr) sources_[i]->OnStep();
  }
}

void Loop::EndTurn() {
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i] != nullptr) sources_[i]->OnTurnEnd();
  }
  std::erase(sources_, nullptr);
}

void Loop::Stop() {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    wake = std::exchange(sleeping_, false);
  }
  if (wake) Wake();
}

void Loop::Post(Task task) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    wake = std::exchange(sleeping_, false);
  }
  if (wake) Wake();
}

void Loop::Wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the loop wakes anyway.
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
}

bool Loop::OnLoopThread() const { return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

absl::Status Loop::Watch(int fd, uint32_t events, FdHandler* handler) {
  const auto index = static_cast<size_t>(fd);
  if (index >= watched_.size()) watched_.resize(std::max(index + 1, 2 * watched_.size()));
  Watched& watched = watched_[index];
  epoll_event event{};
  event.events = events;
  event.data.u64 = KeyOf(fd, watched.generation + 1);
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0 &&
      (errno != EEXIST || epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) != 0)) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot watch descriptor ", fd));
  }
  ++watched.generation;
  watched.handler = handler;
  return absl::OkStatus();
}

absl::Status Loop::Rewatch(int fd, uint32_t events) {
  const auto index = static_cast<size_t>(fd);
  if (index >= watched_.size() || watched_[index].handler == nullptr) {
    return absl::NotFoundError(absl::StrCat("descriptor ", fd, " is not watched"));
  }
  epoll_event event{};
  event.events = events;
  event.data.u64 = KeyOf(fd, watched_[index].generation);
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot watch descriptor ", fd));
  }
  return absl::OkStatus();
}

void Loop::Unwatch(int fd) {
  const auto index = static_cast<size_t>(fd);
  if (index >= watched_.size() || watched_[index].handler == nullptr) return;
  watched_[index].handler = nullptr;
  ++watched_[index].generation;
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);  // the owner may have closed it already
}

void Loop::AddSource(Source* source) { sources_.push_back(source); }

void Loop::RemoveSource(Source* source) {
  // Only blanked here: this may be called by a source while RunSources walks the list.
  std::replace(sources_.begin(), sources_.end(), source, static_cast<Source*>(nullptr));
}

}  // namespace sluice::loop
