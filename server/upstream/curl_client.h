#ifndef SLUICE_SERVER_UPSTREAM_CURL_CLIENT_H_
#define SLUICE_SERVER_UPSTREAM_CURL_CLIENT_H_

#include <cstddef>
#include <list>
#include <memory>
#include <vector>

#include "server/loop/loop.h"
#include "server/upstream/client.h"

namespace sluice::upstream {

class CurlCall;
class ShardSet;

struct CurlOptions {
  size_t shards = 16;  // CURLMs for each upstream, at most; 1..
};

// The upstream client on libcurl's multi interface. Made, used and destroyed on the loop's thread (or before it runs),
// outside of any Receiver call, and before the loop; its transfers should be gone by then: any that are not hear
// nothing more.
class CurlClient final : public Client {
 public:
  explicit CurlClient(loop::Loop& loop, CurlOptions options = {});
  ~CurlClient() override;
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  std::unique_ptr<Transfer> Start(std::shared_ptr<const Destination> destination, Request request,
                                  Receiver* receiver) override;
  void Retire(std::unique_ptr<Transfer> transfer) override;

 private:
  friend class CurlCall;

  ShardSet& SetFor(const Destination& destination);
  void Erase(std::list<CurlCall>::iterator call);

  loop::Loop& loop_;
  const CurlOptions options_;
  std::vector<std::unique_ptr<ShardSet>> sets_;
  std::list<CurlCall> calls_;
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_CURL_CLIENT_H_
