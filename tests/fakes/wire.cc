#include "tests/fakes/wire.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace sluice::fakes {

Wire::~Wire() {
  SSL_free(ssl_);
  close(fd_);
}

bool Wire::StartTls(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_);
  const bool ok = SSL_accept(ssl_) == 1;
  ERR_clear_error();
  return ok;
}

bool Wire::resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

bool Wire::Read(std::string* into) {
  std::array<char, 16384> buffer;
  ssize_t got = 0;
  if (ssl_ != nullptr) {
    got = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
    ERR_clear_error();
  } else {
    got = recv(fd_, buffer.data(), buffer.size(), 0);
  }
  if (got <= 0) return false;
  into->append(buffer.data(), static_cast<size_t>(got));
  return true;
}

bool Wire::Write(absl::string_view bytes) {
  while (open_ && !bytes.empty()) {
    ssize_t sent = 0;
    if (ssl_ != nullptr) {
      sent = SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), 1 << 20)));
      ERR_clear_error();
    } else {
      sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return open_;
}

void Wire::Close() {
  if (!open_) return;
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  ERR_clear_error();
  Drop();
}

void Wire::Drop() {
  shutdown(fd_, SHUT_WR);
  open_ = false;
}

void Wire::Reset() {
  const linger hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  // The descriptor's number must stay taken, but closing its last reference sends the RST now.
  const int unused = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  dup3(unused, fd_, O_CLOEXEC);
  close(unused);
  open_ = false;
}

void Wire::Shutdown() { shutdown(fd_, SHUT_RDWR); }

bool Wire::peer_closed() const {
  pollfd item{fd_, POLLRDHUP, 0};
  return poll(&item, 1, 0) == 1;
}

bool Wire::WaitFor(const Event* event, int timeout_ms) const {
  std::array<pollfd, 2> items{pollfd{fd_, POLLRDHUP, 0}, pollfd{event != nullptr ? event->fd() : -1, POLLIN, 0}};
  poll(items.data(), items.size(), timeout_ms);
  return items[1].revents != 0;
}

}  // namespace sluice::fakes
