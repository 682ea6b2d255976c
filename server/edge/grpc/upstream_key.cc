#include "server/edge/grpc/upstream_key.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/exchange/failures.h"

namespace sluice::edge {
namespace {

// An empty one is most likely a variable that was not set; to fall back to the gateway's own key would put the call on
// another account than the caller meant.
const char* WhatIsWrong(grpc::string_ref key) {
  if (key.empty()) return "is empty: send the key, or leave it out";
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
  return visible ? nullptr : "may hold visible ASCII characters only, and no blanks";
}

}  // namespace

std::optional<chat::Error> FaultOfUpstreamKey(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  const auto [first, end] = metadata.equal_range(kUpstreamKey);
  if (first == end) return std::nullopt;
  const char* const what = std::next(first) == end ? WhatIsWrong(first->second) : "may be sent once only";
  if (what == nullptr) return std::nullopt;
  return exchange::BadRequest({{absl::StrCat("metadata ", kUpstreamKey), what}});
}

}  // namespace sluice::edge
