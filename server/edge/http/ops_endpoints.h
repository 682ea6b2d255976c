#ifndef SLUICE_SERVER_EDGE_HTTP_OPS_ENDPOINTS_H_
#define SLUICE_SERVER_EDGE_HTTP_OPS_ENDPOINTS_H_

#include <functional>
#include <memory>
#include <string>

#include "server/edge/http/readiness.h"
#include "server/http/server.h"

namespace sluice::edge_http {

// Where the metrics page comes from. `scrape` runs on the HTTP server's thread, once a request.
struct MetricsPage {
  std::function<std::string()> scrape;
  std::string content_type;
};

// What operators and their machines ask a gateway, for GET and HEAD:
//   /metrics  the metrics page
//   /livez    200 as long as the process runs
//   /readyz   200 when callers should be sent here, 503 before start-up ended and while draining; JSON either way:
//             {"ready":bool,"reason":string,"upstreams":[{"name":string,"reachable":bool,"status":int,"models":int,
//              "latency_ms":number,"checked_at":RFC 3339 string or null,"detail":string}]}
// Other paths are 404 with the list of these, other methods 405.
http::Handler NewOpsEndpoints(std::shared_ptr<const Readiness> readiness, MetricsPage metrics);

}  // namespace sluice::edge_http

#endif  // SLUICE_SERVER_EDGE_HTTP_OPS_ENDPOINTS_H_
