#ifndef SLUICE_TESTS_BENCH_LOAD_GRPC_WRITER_H_
#define SLUICE_TESTS_BENCH_LOAD_GRPC_WRITER_H_

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "sluice/v1/chat.grpc.pb.h"
#include "tests/bench/load/pace.h"
#include "tests/bench/load/poller.h"

namespace sluice::bench {

// A gRPC server that writes to the pace of an Upstream, from memory: the least that a gateway on gRPC C++ has to pay
// for its callers' side. It writes the way the gateway does: on one thread with its own event loop, with operations
// that complete at once handed back through gRPC's thread-local completion cache, the writes of one turn held together
// by TCP_CORK, and those of one stream by the buffer hint.
class GrpcWriter {
 public:
  explicit GrpcWriter(const Pace& pace);
  ~GrpcWriter();

  int port() const { return port_; }
  [[noreturn]] void Serve();

 private:
  class ChatCall;
  class Mailbox;

  struct Due {
    int64_t at;
    uint64_t call;
  };

  void AcceptConnections(int listener);
  int ConnectionOf(const std::string& peer);
  void Offer();
  void SendDue();
  void SendFlatOut();
  ChatCall* Find(uint64_t call);
  void Schedule(uint64_t call, int64_t at);
  bool Issue(ChatCall* tag, bool* ok, absl::FunctionRef<void()> start);
  void Cork(int fd);
  void Uncork();

  const Pace pace_;
  int port_ = 0;
  v1::ChatService::AsyncService service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  Poller poller_;
  std::unique_ptr<Mailbox> mailbox_;
  uint64_t last_call_ = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<ChatCall>> calls_;
  std::deque<Due> due_;
  std::vector<uint64_t> flat_out_, flat_out_next_;
  std::vector<uint64_t> ended_;  // in this turn
  std::vector<int> corked_;

  std::mutex mutex_;                                   // guards what follows
  absl::flat_hash_map<std::string, int> connections_;  // a duplicate of each one's descriptor, by peer

  std::thread accepting_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_GRPC_WRITER_H_
