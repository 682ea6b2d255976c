#include "tests/soak/wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace sluice::soak {

Wire::Wire(int fd, SSL_CTX* tls) : fd_(fd) {
  if (tls == nullptr) return;
  ssl_ = SSL_new(tls);
  SSL_set_fd(ssl_, fd_);
  SSL_set_accept_state(ssl_);
}

Wire::~Wire() {
  if (ssl_ != nullptr) {
    if (!reset_ && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
    ERR_clear_error();
    SSL_free(ssl_);
  }
  if (reset_) {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  close(fd_);
}

void Wire::Reset() { reset_ = true; }

bool Wire::Retryable(int result) {
  const int error = SSL_get_error(ssl_, result);
  ERR_clear_error();
  wants_to_write_ = error == SSL_ERROR_WANT_WRITE;
  return wants_to_write_ || error == SSL_ERROR_WANT_READ;
}

bool Wire::Read(std::string* into) {
  std::array<char, 16384> buffer;
  for (;;) {
    if (ssl_ != nullptr) {
      const int got = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
      if (got <= 0) return Retryable(got);
      into->append(buffer.data(), static_cast<size_t>(got));
    } else {
      const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN;
      into->append(buffer.data(), static_cast<size_t>(got));
    }
  }
}

bool Wire::Flush(std::string* bytes) {
  size_t done = 0;
  bool open = true;
  while (done < bytes->size()) {
    ssize_t sent = 0;
    if (ssl_ != nullptr) {
      const size_t size = std::min<size_t>(bytes->size() - done, 1 << 20);
      sent = SSL_write(ssl_, bytes->data() + done, static_cast<int>(size));
      if (sent <= 0) {
        open = Retryable(static_cast<int>(sent));
        break;
      }
    } else {
      sent = send(fd_, bytes->data() + done, bytes->size() - done, MSG_NOSIGNAL);
      if (sent < 0) {
        open = errno == EAGAIN;
        break;
      }
    }
    done += static_cast<size_t>(sent);
  }
  bytes->erase(0, done);
  return open;
}

}  // namespace sluice::soak
