#ifndef SLUICE_TESTS_FAKES_BLACK_HOLE_H_
#define SLUICE_TESTS_FAKES_BLACK_HOLE_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace sluice::fakes {

// An address of this machine where a TCP connect neither succeeds nor fails: a listener that accepts nobody and whose
// queue is full.
class BlackHole {
 public:
  BlackHole() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    bind(fds_[0], generic, size);
    listen(fds_[0], 0);
    getsockname(fds_[0], generic, &size);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      [[maybe_unused]] const int pending = connect(fds_.back(), generic, size);
    }
  }
  ~BlackHole() {
    for (int fd : fds_) close(fd);
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  int port() const { return port_; }

 private:
  std::vector<int> fds_;
  int port_ = 0;
};

}  // namespace sluice::fakes

#endif  // SLUICE_TESTS_FAKES_BLACK_HOLE_H_
