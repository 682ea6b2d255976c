#ifndef SLUICE_SERVER_EDGE_GRPC_ACCEPTOR_H_
#define SLUICE_SERVER_EDGE_GRPC_ACCEPTOR_H_

#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/edge/grpc/connections.h"
#include "server/loop/loop.h"

namespace sluice::edge {

// Listens, accepts, and hands each socket to gRPC, so that we know every connection's descriptor and can cork it. Runs
// on one thread of its own.
class Acceptor {
 public:
  // `address` is host:port or [v6]:port; port 0 takes a free one. Fails when the address is wrong or in use.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(absl::string_view address);
  ~Acceptor();

  int port() const { return port_; }
  Connections& connections() { return connections_; }

  // From here on connections are accepted. `sink` is gRPC's side of the bridge.
  void Start(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> sink);
  // No further connection is accepted; those there are stay. Returns when the listeners are closed: a socket that gRPC
  // is given once it shuts down is neither served nor closed. Any thread but the acceptor's; idempotent.
  void StopAccepting();

 private:
  class Listener;
  class Watcher;

  Acceptor();
  void Accepted(int fd, int listener_fd);
  void Forget(Watcher* watcher);

  loop::Loop loop_;
  Connections connections_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> sink_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::thread thread_;
  int port_ = 0;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_ACCEPTOR_H_
