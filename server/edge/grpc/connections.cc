#include "server/edge/grpc/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::edge {
namespace {

void SetCork(int fd, int on) { setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on); }

}  // namespace

Connection::~Connection() { close(fd_); }

void Connections::Add(std::string peer, std::shared_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  by_peer_[std::move(peer)] = std::move(connection);
}

void Connections::Remove(const std::string& peer, const Connection* connection) {
  const std::lock_guard lock(mutex_);
  // The same address may already belong to a newer connection.
  if (auto it = by_peer_.find(peer); it != by_peer_.end() && it->second.get() == connection) by_peer_.erase(it);
}

std::shared_ptr<Connection> Connections::Find(const std::string& peer) const {
  const std::lock_guard lock(mutex_);
  const auto it = by_peer_.find(peer);
  return it == by_peer_.end() ? nullptr : it->second;
}

size_t Connections::size() const {
  const std::lock_guard lock(mutex_);
  return by_peer_.size();
}

void Connections::CloseAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& [peer, connection] : by_peer_) shutdown(connection->fd(), SHUT_RDWR);
}

std::string Connections::PeerName(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return absl::StrCat("ipv4:", text.data(), ":", ntohs(v4->sin_port));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
  // gRPC shows an IPv4 caller of a dual-stack listener as what it is.
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text.data(), text.size());
    return absl::StrCat("ipv4:", text.data(), ":", ntohs(v6->sin6_port));
  }
  inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  return absl::StrCat("ipv6:%5B", text.data(), "%5D:", ntohs(v6->sin6_port));
}

void CorkSet::Cork(const std::shared_ptr<Connection>& connection) {
  if (connection == nullptr) return;
  if (std::find(corked_.begin(), corked_.end(), connection) != corked_.end()) return;
  SetCork(connection->fd(), 1);
  corked_.push_back(connection);
}

void CorkSet::UncorkAll() {
  for (const auto& connection : corked_) SetCork(connection->fd(), 0);
  corked_.clear();
}

}  // namespace sluice::edge
