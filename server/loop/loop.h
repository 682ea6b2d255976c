#ifndef SLUICE_SERVER_LOOP_LOOP_H_
#define SLUICE_SERVER_LOOP_LOOP_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/loop/timer.h"

namespace sluice::loop {

// Something that wants to know about a file descriptor. OnFd runs on the loop's thread with epoll's event bits.
// It may remove itself or any other descriptor from the loop; events already fetched for a removed one are dropped.
class FdHandler {
 public:
  virtual ~FdHandler() = default;
  virtual void OnFd(uint32_t events) = 0;
};

// A part of an engine that gathers work while events are handled: answers to write, sockets to uncork.
class Source {
 public:
  virtual ~Source() = default;
  // Runs after each single thing the loop has handled (one ready descriptor, one task, the timers that were due), on
  // the loop's thread: what that left to do is done while its memory is still in the processor's cache. With thousands
  // of streams a turn brings more than the cache holds.
  virtual void OnStep() {}
  // Runs at the end of each turn, on the loop's thread, after every ready descriptor, timer and task, and before
  // the loop waits again. Sources run in the order they were added. Work posted here runs in the next turn, which
  // then does not wait.
  virtual void OnTurnEnd() = 0;
};

// One thread's event loop: epoll, timers, posted tasks. Knows neither gRPC nor curl: they register with it.
// Everything but Post, Stop and OnLoopThread is for the loop's own thread (or before Run, for set-up).
class Loop {
 public:
  using Task = absl::AnyInvocable<void()>;

  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Turns until Stop. Tasks posted before Stop was called are still run.
  void Run();
  // One turn: waits for events (at most until the next timer; not at all if `wait` is false), runs what is due.
  // For tests with a fake clock.
  void Turn(bool wait);

  void Stop();           // any thread
  void Post(Task task);  // any thread; runs in a later turn, in the order posted
  bool OnLoopThread() const;

  // The time at which this turn began to handle events: read once a turn, so free to call.
  MonoTime Now() const { return now_; }
  const Clock& clock() const { return clock_; }

  // `handler` must outlive its registration. `events` are epoll's bits (EPOLLIN | EPOLLOUT | EPOLLET ...).
  absl::Status Watch(int fd, uint32_t events, FdHandler* handler);
  absl::Status Rewatch(int fd, uint32_t events);
  void Unwatch(int fd);

  void AddSource(Source* source);
  void RemoveSource(Source* source);

 private:
  friend class Timer;
  struct Watched {
    FdHandler* handler = nullptr;
    uint32_t generation = 0;  // goes up with every Watch and Unwatch: an event fetched before is told by it
  };

  bool TurnOnce(bool wait);  // true when Stop was called before this turn took its tasks
  MonoTime WakeTime(bool wait);
  void PollEvents(bool wait);
  void HandleEvent(uint64_t key, uint32_t events);
  bool RunTasks();
  void EndStep();
  void EndTurn();
  void Wake();

  const Clock& clock_;
  MonoTime now_;
  std::atomic<std::thread::id> thread_;  // the maker's, until somebody else runs the loop
  int epoll_fd_ = -1;
  int wake_fd_ = -1;  // eventfd: written only while the loop sleeps
  bool precise_wait_ = true;
  std::vector<Watched> watched_;  // by descriptor
  TimerQueue timers_;
  std::vector<Source*> sources_;  // null where one was removed
  std::vector<Task> running_tasks_;

  std::mutex mutex_;  // guards what follows
  std::vector<Task> posted_;
  bool sleeping_ = false;
  bool stop_ = false;
};

}  // namespace sluice::loop

#endif  // SLUICE_SERVER_LOOP_LOOP_H_
