#include "server/upstream/curl_client.h"

#include <curl/curl.h>

#include <mutex>
#include <utility>

#include "server/upstream/curl_call.h"
#include "server/upstream/shard_set.h"

namespace sluice::upstream {

CurlClient::CurlClient(loop::Loop& loop, CurlOptions options) : loop_(loop), options_(options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

CurlClient::~CurlClient() {
  while (!calls_.empty()) calls_.front().CloseNow();
}

std::unique_ptr<Transfer> CurlClient::Start(std::shared_ptr<const Destination> destination, Request request,
                                            Receiver* receiver) {
  CurlCall& call = calls_.emplace_front(*this, std::move(destination), std::move(request), receiver);
  return call.Start(calls_.begin());
}

void CurlClient::Retire(std::unique_ptr<Transfer> transfer) {
  CurlCall* call = static_cast<CurlTransfer&>(*transfer).call_;
  if (call != nullptr) call->Retire();
}

ShardSet& CurlClient::SetFor(const Destination& destination) {
  for (const auto& set : sets_) {
    if (set->Serves(destination)) return *set;
  }
  // An upstream that was changed by a reload leaves its former set behind.
  std::erase_if(sets_, [](const auto& set) { return set->closed(); });
  sets_.push_back(std::make_unique<ShardSet>(loop_, destination, options_.shards));
  return *sets_.back();
}

void CurlClient::Erase(std::list<CurlCall>::iterator call) { calls_.erase(call); }

}  // namespace sluice::upstream
