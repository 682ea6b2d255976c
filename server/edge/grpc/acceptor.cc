#include "server/edge/grpc/acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <latch>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"

namespace sluice::edge {
namespace {

// Callers open few connections, but may all come back at once after a rollout.
constexpr int kBacklog = 4096;
// accept(2) without a free descriptor would spin on a level-triggered listener: pause it for so long instead.
constexpr absl::Duration kPauseWhenExhausted = absl::Milliseconds(100);

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                                            : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
}

absl::StatusOr<int> OpenListener(const addrinfo& info, absl::string_view address) {
  const int fd = socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::InternalError(absl::StrCat("cannot open a socket: ", std::strerror(errno)));
  const int on = 1, off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // "[::]:50051" serves IPv4 callers too, as gRPC's own listeners do.
  if (info.ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(fd, info.ai_addr, info.ai_addrlen) != 0 || listen(fd, kBacklog) != 0) {
    const int error = errno;
    close(fd);
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ": ", std::strerror(error), ": choose another listen.grpc.address"));
  }
  return fd;
}

}  // namespace

class Acceptor::Listener final : public loop::FdHandler {
 public:
  Listener(Acceptor* owner, int fd)
      : owner_(owner), fd_(fd), resume_(owner->loop_, [this] { static_cast<void>(Watch()); }) {}
  ~Listener() override {
    owner_->loop_.Unwatch(fd_);
    close(fd_);
  }
  absl::Status Watch() { return owner_->loop_.Watch(fd_, EPOLLIN, this); }

  void OnFd(uint32_t) override {
    for (;;) {
      const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        owner_->Accepted(fd, fd_);
        continue;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN) Exhausted();
      return;
    }
  }

 private:
  void Exhausted() {
    telemetry::Log(telemetry::Level::kError, "cannot accept a connection: raise the limit of open files",
                   {{"error", std::strerror(errno)}});
    owner_->loop_.Unwatch(fd_);
    resume_.ArmAfter(kPauseWhenExhausted);
  }

  Acceptor* const owner_;
  const int fd_;
  loop::Timer resume_;
};

// Waits for a connection's end, so that its duplicate is closed.
class Acceptor::Watcher final : public loop::FdHandler {
 public:
  Watcher(Acceptor* owner, std::string peer, std::shared_ptr<Connection> connection)
      : owner_(owner), peer_(std::move(peer)), connection_(std::move(connection)) {}
  ~Watcher() override {
    owner_->loop_.Unwatch(connection_->fd());
    owner_->connections_.Remove(peer_, connection_.get());
  }
  absl::Status Watch() { return owner_->loop_.Watch(connection_->fd(), EPOLLRDHUP | EPOLLET, this); }
  void OnFd(uint32_t events) override {
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) owner_->Forget(this);
  }

  size_t slot = 0;  // its place in watchers_

 private:
  Acceptor* const owner_;
  const std::string peer_;
  const std::shared_ptr<Connection> connection_;
};

Acceptor::Acceptor() : loop_(Clock::Real()) {}

Acceptor::~Acceptor() {
  if (thread_.joinable()) {
    loop_.Stop();
    thread_.join();
  }
}

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(absl::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("listen.grpc.address \"", address, "\": expected host:port"));
  }
  std::string host(address.substr(0, colon));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string port(address.substr(colon + 1));

  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("listen.grpc.address \"", address, "\": ", gai_strerror(error), ": expected host:port"));
  }
  const absl::Cleanup free_found = [found] { freeaddrinfo(found); };

  std::unique_ptr<Acceptor> acceptor(new Acceptor());
  // "localhost" has an address in each family, and callers use either. A free port can only be the first one's.
  absl::Status failed;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    auto fd = OpenListener(*info, address);
    if (!fd.ok()) {
      failed = fd.status();
      continue;
    }
    acceptor->port_ = PortOf(*fd);
    acceptor->listeners_.push_back(std::make_unique<Listener>(acceptor.get(), *fd));
    if (port == "0") break;
  }
  if (acceptor->listeners_.empty()) return failed;
  return acceptor;
}

void Acceptor::Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> sink) {
  sink_ = std::move(sink);
  for (const auto& listener : listeners_) {
    if (auto status = listener->Watch(); !status.ok()) {
      telemetry::Log(telemetry::Level::kError, "cannot watch the listener", {{"error", std::string(status.message())}});
    }
  }
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "sluice-accept");
    loop_.Run();
  });
}

void Acceptor::StopAccepting() {
  if (!thread_.joinable()) return listeners_.clear();
  std::latch closed(1);
  loop_.Post([&] {
    listeners_.clear();
    closed.count_down();
  });
  closed.wait();
}

void Acceptor::Accepted(int fd, int listener_fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // a delta never waits for an acknowledgement (RFC 896)
  std::string peer = Connections::PeerName(fd);
  if (const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); copy >= 0 && !peer.empty()) {
    auto connection = std::make_shared<Connection>(copy);
    auto watcher = std::make_unique<Watcher>(this, peer, connection);
    if (watcher->Watch().ok()) {
      connections_.Add(std::move(peer), std::move(connection));
      watcher->slot = watchers_.size();
      watchers_.push_back(std::move(watcher));
    }
  }
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = listener_fd;
  parameters.fd = fd;
  sink_->HandleNewConnection(&parameters);
}

void Acceptor::Forget(Watcher* watcher) {
  const size_t slot = watcher->slot;
  std::swap(watchers_[slot], watchers_.back());
  watchers_[slot]->slot = slot;
  watchers_.pop_back();
}

}  // namespace sluice::edge
