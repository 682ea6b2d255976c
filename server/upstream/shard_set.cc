#include "server/upstream/shard_set.h"

#include <algorithm>

#include "server/upstream/curl_call.h"

namespace sluice::upstream {
namespace {

// Transfers in every shard before another shard is opened.
constexpr int kComfortable = 32;
constexpr size_t kSpareHandles = 64;

}  // namespace

ShardSet::ShardSet(loop::Loop& loop, const Destination& destination, size_t max_shards)
    : loop_(loop),
      pool_(destination.pool),
      tls_(destination.tls),
      proxy_(destination.proxy),
      http2_(destination.http2),
      max_shards_(destination.http2 ? 1 : max_shards),  // all HTTP/2 streams on the same few connections
      share_(curl_share_init()) {
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
}

ShardSet::~ShardSet() {
  for (CURL* easy : spare_) curl_easy_cleanup(easy);
  shards_.clear();
  curl_share_cleanup(share_);
}

bool ShardSet::Serves(const Destination& destination) const {
  return destination.pool == pool_ && destination.http2 == http2_ && destination.proxy == proxy_ &&
         destination.tls.ca_file == tls_.ca_file && destination.tls.ca_pem == tls_.ca_pem;
}

Shard& ShardSet::Pick() {
  Shard* freed = nullptr;
  Shard* least = nullptr;
  for (const auto& shard : shards_) {
    if (shard->idle() > 0 && (freed == nullptr || shard->last_freed() > freed->last_freed())) freed = shard.get();
    if (least == nullptr || shard->running() < least->running()) least = shard.get();
  }
  if (freed != nullptr) return *freed;
  if (least != nullptr && (least->running() < kComfortable || shards_.size() >= max_shards_)) return *least;
  shards_.push_back(std::make_unique<Shard>(loop_, pool_, http2_));
  return *shards_.back();
}

bool ShardSet::closed() const {
  return std::all_of(shards_.begin(), shards_.end(), [](const auto& shard) { return shard->closed(); });
}

CURL* ShardSet::TakeEasy() {
  if (!spare_.empty()) {
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }
  CURL* easy = curl_easy_init();
  Configure(easy);
  return easy;
}

void ShardSet::ReturnEasy(CURL* easy) {
  if (spare_.size() < kSpareHandles) {
    spare_.push_back(easy);
  } else {
    curl_easy_cleanup(easy);
  }
}

void ShardSet::Configure(CURL* easy) const {
  curl_easy_setopt(easy, CURLOPT_SHARE, share_);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  // Small, for there is one a stream; a read of a paced stream brings one delta.
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 2048L);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a cancel while resolving must not wait for the resolver
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  // Set even when empty: otherwise http_proxy and no_proxy of the environment would count.
  curl_easy_setopt(easy, CURLOPT_PROXY, proxy_.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                   static_cast<long>(http2_ ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, http2_ ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  // No authorities from curl, which would parse them for every connection: OnTlsStart hands in a shared store.
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  CurlCall::SetCallbacks(easy);
}

}  // namespace sluice::upstream
