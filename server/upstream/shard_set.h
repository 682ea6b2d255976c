#ifndef SLUICE_SERVER_UPSTREAM_SHARD_SET_H_
#define SLUICE_SERVER_UPSTREAM_SHARD_SET_H_

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "server/loop/loop.h"
#include "server/upstream/client.h"
#include "server/upstream/pool.h"
#include "server/upstream/shard.h"

namespace sluice::upstream {

// One loop's connections to one upstream, spread over several CURLMs: with thousands of streams in a single one, every
// event costs more. Connections, TLS sessions and resolved names are shared within a set and never beyond it, so that
// trust granted by one upstream's settings cannot serve another's.
class ShardSet {
 public:
  ShardSet(loop::Loop& loop, const Destination& destination, size_t max_shards);
  ~ShardSet();
  ShardSet(const ShardSet&) = delete;
  ShardSet& operator=(const ShardSet&) = delete;

  bool Serves(const Destination& destination) const;

  bool closed() const;  // nothing runs and no connection is open

  // The shard for the next transfer: the last one that got an idle connection, else the least loaded.
  Shard& Pick();

  // A handle with everything set that is the same for all of the upstream's calls.
  CURL* TakeEasy();
  void ReturnEasy(CURL* easy);

 private:
  void Configure(CURL* easy) const;

  loop::Loop& loop_;
  const std::shared_ptr<Pool> pool_;
  const Tls tls_;
  const std::string proxy_;
  const bool http2_;
  const size_t max_shards_;
  CURLSH* share_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<CURL*> spare_;
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_SHARD_SET_H_
