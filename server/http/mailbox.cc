#include "server/http/mailbox.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "server/base/clock.h"

namespace sluice::http {

void Mailbox::Post(absl::AnyInvocable<void()> task) {
  // Declared before the lock: a refused task is destroyed after it, as its destructor may post in turn.
  absl::AnyInvocable<void()> refused;
  const std::lock_guard lock(mutex_);
  if (io_ == nullptr) {
    refused = std::move(task);
    return;
  }
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) {
    boost::asio::post(*io_, [self = shared_from_this()] { self->RunTasks(); });
  }
}

void Mailbox::PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task) {
  Post([self = shared_from_this(), delay, task = std::move(task)]() mutable {
    // On the server's thread, so the io_context is there.
    auto timer =
        std::make_unique<boost::asio::steady_timer>(*self->io_, After(std::chrono::steady_clock::now(), delay));
    auto& waiting = *timer;
    waiting.async_wait(
        [timer = std::move(timer), task = std::move(task)](const boost::system::error_code& error) mutable {
          if (!error) task();
        });
  });
}

void Mailbox::Close() {
  std::vector<absl::AnyInvocable<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
    dropped.swap(tasks_);
  }
}

void Mailbox::RunTasks() {
  std::vector<absl::AnyInvocable<void()>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) {
    task();
    task = nullptr;  // what it holds goes before the next one runs
  }
}

}  // namespace sluice::http
