#include "server/config/snapshot.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice::config {
namespace {

std::string DescribeUpstream(const Upstream& upstream) {
  return absl::StrCat(upstream.name, " (", upstream.dialect, " at ", upstream.base_url,
                      upstream.api_key.empty() ? ", no key" : ", with a key",
                      upstream.proxy.empty() ? "" : ", through a proxy", upstream.http2 ? ", HTTP/2" : "", ", ",
                      upstream.pool.connections, " connections)");
}

std::string DescribeRoute(const Route& route) {
  return absl::StrCat(absl::StrJoin(route.models, ", "), " to ", route.upstream,
                      route.model.empty() ? "" : absl::StrCat(" as ", route.model));
}

}  // namespace

// Only for telling contents apart, never for trust.
size_t Fingerprint(absl::string_view bytes) { return std::hash<std::string>()(std::string(bytes)); }

const Upstream* Snapshot::FindUpstream(absl::string_view name) const {
  for (const Upstream& upstream : upstreams) {
    if (upstream.name == name) return &upstream;
  }
  return nullptr;
}

std::string Describe(const Snapshot& snapshot) {
  const GrpcListener& grpc = snapshot.listen.grpc;
  std::vector<std::string> upstreams;
  for (const Upstream& upstream : snapshot.upstreams) upstreams.push_back(DescribeUpstream(upstream));
  std::vector<std::string> routes;
  for (const Route& route : snapshot.routes) routes.push_back(DescribeRoute(route));
  const std::string door = !grpc.tls ? "plaintext" : grpc.tls->client_ca_file.empty() ? "TLS" : "mutual TLS";
  return absl::StrCat(
      "gRPC on ", grpc.address, " (", door, "), operators on ", snapshot.listen.ops,
      "; upstreams: ", absl::StrJoin(upstreams, "; "), "; routes: ",
      routes.empty() ? absl::StrCat("everything to ", snapshot.upstreams.front().name) : absl::StrJoin(routes, "; "),
      snapshot.default_model.empty() ? "" : absl::StrCat("; default model ", snapshot.default_model), "; drain within ",
      absl::FormatDuration(snapshot.limits.drain), ".");
}

}  // namespace sluice::config
