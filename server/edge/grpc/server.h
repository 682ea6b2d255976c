#ifndef SLUICE_SERVER_EDGE_GRPC_SERVER_H_
#define SLUICE_SERVER_EDGE_GRPC_SERVER_H_

#include <grpcpp/server.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/id.h"
#include "server/edge/grpc/acceptor.h"
#include "server/edge/grpc/engine.h"
#include "server/edge/grpc/tls_credentials.h"

namespace sluice::edge {

struct ServerOptions {
  std::string address;                          // host:port; port 0 takes a free one
  std::unique_ptr<ServerTls> tls;               // null: plaintext
  size_t max_request_bytes = size_t{32} << 20;  // ours; gRPC itself refuses what is more than twice as large
  int max_header_bytes = 16 << 10;              // a call's metadata together
  int max_connection_streams = 10'000;          // calls at one time on one connection
  absl::Duration max_connection_age = absl::InfiniteDuration();  // then GOAWAY; its calls go on
  std::shared_ptr<loop::Semaphore> open_calls;                   // never null
};

// The gRPC listener: our accept loop, the services with one completion queue per engine, grpc.health.v1 and server
// reflection. Call order: Build, Start, then Drain, then destroy.
class GrpcServer {
 public:
  // One engine a context. The engines' loops may not run yet.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Build(ServerOptions options,
                                                           std::vector<exchange::EngineContext*> contexts,
                                                           IdSource* ids);
  // After Drain, with the engines' loops stopped.
  ~GrpcServer();

  void Start();  // accepts calls; before the loops run
  int port() const { return acceptor_->port(); }

  // The certificate for connections from now on; it and its key have to belong together. False where that takes a new
  // listener: from or to plaintext, from or to callers without certificates. Any thread.
  bool ReplaceTls(const ServerTls& tls);

  // Health turns NOT_SERVING, no new connection or call is taken, callers are told to go elsewhere (GOAWAY); running
  // calls go on until `limit`, then they end with DRAINING, and those whose callers do not take even that are
  // cancelled; reflection is not waited for. Returns when all are over. The engines' loops must
  // be running. Any thread but theirs.
  void Drain(absl::Duration limit);

 private:
  GrpcServer() = default;
  void EngineEmptied();
  void StopServing();

  std::shared_ptr<TlsCredentials> tls_;  // null: plaintext
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> sink_;
  Services services_;
  std::vector<exchange::EngineContext*> contexts_;
  std::vector<std::unique_ptr<GrpcEngine>> engines_;
  std::atomic<size_t> emptied_engines_{0};
  bool started_ = false;
  std::unique_ptr<grpc::Server> server_;  // goes before the queues it serves
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_SERVER_H_
