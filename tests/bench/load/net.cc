#include "tests/bench/load/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

namespace sluice::bench {
namespace {

constexpr int kConnectionsPerAddress = 20'000;

[[noreturn]] void Die(const char* what) {
  perror(what);
  exit(1);
}

sockaddr_in Loopback(int host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<uint32_t>(host));
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void Set(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof(on));
}

}  // namespace

void RaiseFileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Listen() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // Which the accepted ones inherit. A machine may be set to BBR, which holds segments back by timers of its own.
  constexpr absl::string_view kNoPacing = "reno";
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kNoPacing.data(), kNoPacing.size());
  const sockaddr_in address = Loopback(0, 0);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || listen(fd, 65535) != 0) {
    Die("listen");
  }
  return fd;
}

int PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) Die("getsockname");
  return ntohs(address.sin_port);
}

int Accept(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) Set(fd, IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

int Connect(int port, int number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Die("socket");
  Set(fd, IPPROTO_TCP, TCP_NODELAY);
  if (number >= kConnectionsPerAddress) {
    Set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);  // the port is chosen with regard to the peer, not now
    const sockaddr_in from = Loopback(number / kConnectionsPerAddress, 0);
    if (bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from)) != 0) Die("bind");
  }
  const sockaddr_in to = Loopback(0, port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) return fd;
  close(fd);
  return -1;
}

void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, O_NONBLOCK); }

}  // namespace sluice::bench
