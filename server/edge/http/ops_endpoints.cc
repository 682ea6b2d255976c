#include "server/edge/http/ops_endpoints.h"

#include <utility>

#include "server/json/writer.h"

namespace sluice::edge_http {
namespace {

constexpr absl::string_view kText = "text/plain; charset=utf-8";

constexpr absl::string_view kEndpoints =
    "Not found. This server has:\n"
    "  /metrics  metrics for Prometheus\n"
    "  /livez    200 as long as the process runs\n"
    "  /readyz   200 when callers should be sent here; the body tells about the upstreams\n";

void WriteUpstream(const std::string& name, const UpstreamHealth& health, json::Writer& writer) {
  writer.StartObject().Member("name", name);
  writer.Key("reachable").Bool(health.reachable);
  writer.Key("status").Int(health.status);
  writer.Key("models").Int(health.models);
  writer.Key("latency_ms").Double(absl::ToDoubleMilliseconds(health.latency));
  writer.Key("checked_at");
  if (health.checked_at == absl::InfinitePast()) {
    writer.Null();
  } else {
    writer.String(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", health.checked_at, absl::UTCTimeZone()));
  }
  writer.Member("detail", health.detail).EndObject();
}

std::string ReadyzBody(const Readiness::Snapshot& state) {
  std::string body;
  json::Writer writer(body);
  writer.StartObject().Key("ready").Bool(state.ready).Member("reason", state.reason);
  writer.Key("upstreams").StartArray();
  for (const auto& [name, health] : state.upstreams) WriteUpstream(name, health, writer);
  writer.EndArray().EndObject();
  body += '\n';
  return body;
}

}  // namespace

http::Handler NewOpsEndpoints(std::shared_ptr<const Readiness> readiness, MetricsPage metrics) {
  return [readiness = std::move(readiness), metrics = std::move(metrics)](
             const http::Request& request, const std::shared_ptr<http::Responder>& reply) {
    const bool known = request.path == "/metrics" || request.path == "/livez" || request.path == "/readyz";
    if (!known) {
      reply->Send(404, kText, std::string(kEndpoints));
    } else if (request.method != "GET" && request.method != "HEAD") {
      reply->AddHeader("Allow", "GET, HEAD");  // RFC 9110 15.5.6
      reply->Send(405, kText, "Use GET or HEAD.\n");
    } else if (request.path == "/metrics") {
      reply->Send(200, metrics.content_type, metrics.scrape());
    } else if (request.path == "/livez") {
      reply->Send(200, kText, "ok\n");
    } else {
      const Readiness::Snapshot state = readiness->Get();
      reply->Send(state.ready ? 200 : 503, "application/json", ReadyzBody(state));
    }
  };
}

}  // namespace sluice::edge_http
