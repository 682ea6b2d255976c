#ifndef SLUICE_TESTS_BENCH_LOAD_CURL_TRANSPORT_H_
#define SLUICE_TESTS_BENCH_LOAD_CURL_TRANSPORT_H_

#include <curl/curl.h>

#include <memory>
#include <vector>

#include "tests/bench/load/run.h"

namespace sluice::bench {

// Makes calls with libcurl the way the gateway does: curl_multi_socket_action on the caller's own epoll, the transfers
// spread over several multi handles, small buffers. What it costs is the least that a gateway on libcurl has to pay for
// its upstreams' side.
class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(Run* run);
  ~CurlTransport() override;

  void Start(Call& call) override;
  void Cancel(Call& call) override;
  void Flush() override;

 private:
  class Shard;
  class Transfer;

  Run* const run_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // by slot
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_CURL_TRANSPORT_H_
