// Loads the gateway with Chat calls over a few connections and checks every delta: see Run. Not on gRPC C++, of which
// a client costs more than the gateway.

#include <memory>
#include <vector>

#include "tests/bench/load/grpc_connection.h"
#include "tests/bench/load/net.h"
#include "tests/bench/load/run.h"

namespace sluice::bench {
namespace {

class GrpcTransport final : public Transport {
 public:
  explicit GrpcTransport(Run* run) : tls_(run->plan().ca.empty() ? nullptr : ClientTls(run->plan().ca, "h2")) {
    for (int i = 0; i < run->plan().connections; ++i) {
      connections_.push_back(std::make_unique<GrpcConnection>(run, tls_.get(), i));
    }
  }
  void Start(Call& call) override { connections_[static_cast<size_t>(call.slot) % connections_.size()]->Start(&call); }
  void Cancel(Call& call) override { connections_[static_cast<size_t>(call.slot) % connections_.size()]->Cancel(call); }
  void Flush() override {
    for (const auto& connection : connections_) connection->Flush();
  }

 private:
  const TlsContext tls_;
  std::vector<std::unique_ptr<GrpcConnection>> connections_;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  namespace bench = sluice::bench;
  bench::RaiseFileLimit();
  bench::Run run(bench::Plan::FromFlags(argc, argv, /*grpc=*/true));
  bench::GrpcTransport transport(&run);
  return run.Go(transport);
}
