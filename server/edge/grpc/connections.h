#ifndef SLUICE_SERVER_EDGE_GRPC_CONNECTIONS_H_
#define SLUICE_SERVER_EDGE_GRPC_CONNECTIONS_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sluice::edge {

// One caller's TCP connection, as the accept loop knows it: a duplicate of the descriptor that gRPC owns, so that the
// number cannot come to mean somebody else's socket while we hold it. gRPC ends a connection with shutdown(2), which a
// duplicate does not hold up.
class Connection {
 public:
  explicit Connection(int duplicate_fd) : fd_(duplicate_fd) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// The open connections by the peer name that gRPC gives to their calls. Thread safe; looked up once a call.
class Connections {
 public:
  void Add(std::string peer, std::shared_ptr<Connection> connection);
  void Remove(const std::string& peer, const Connection* connection);
  std::shared_ptr<Connection> Find(const std::string& peer) const;  // null when unknown: then nothing is corked
  size_t size() const;
  // Ends all of them, whatever is still to be sent. gRPC alone waits for ever for a peer that takes nothing.
  void CloseAll();

  // "ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711": the name ServerContext::peer() will give for this socket. "" on
  // error.
  static std::string PeerName(int fd);

 private:
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<Connection>> by_peer_;
};

// Holds small writes back for the rest of one loop turn, so that the frames of many streams on one connection leave in
// one segment: TCP_CORK at the first write of a turn, uncorked at its end. One per engine.
class CorkSet {
 public:
  void Cork(const std::shared_ptr<Connection>& connection);
  void UncorkAll();

 private:
  std::vector<std::shared_ptr<Connection>> corked_;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_CONNECTIONS_H_
