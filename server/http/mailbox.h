#ifndef SLUICE_SERVER_HTTP_MAILBOX_H_
#define SLUICE_SERVER_HTTP_MAILBOX_H_

#include <boost/asio/io_context.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace sluice::http {

// The way onto the server's thread. Responders may outlive the server: they hold the mailbox, not the io_context, and
// what is posted after Close is dropped. Post and PostAfter are thread safe.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  // Tasks run in the order they were posted, never inside Post.
  void Post(absl::AnyInvocable<void()> task);

  // Runs `task` on the server's thread after `delay`.
  void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> task);

  // Drops what has not run. After that the io_context may go.
  void Close();

 private:
  void RunTasks();

  std::mutex mutex_;
  boost::asio::io_context* io_;  // null once closed
  std::vector<absl::AnyInvocable<void()>> tasks_;
};

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_MAILBOX_H_
