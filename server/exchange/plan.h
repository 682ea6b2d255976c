#ifndef SLUICE_SERVER_EXCHANGE_PLAN_H_
#define SLUICE_SERVER_EXCHANGE_PLAN_H_

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/dialect/codec.h"
#include "server/route/retry.h"
#include "server/route/retry_budget.h"
#include "server/route/router.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/tracing.h"
#include "server/upstream/client.h"

namespace sluice::exchange {

enum class Operation { kChat, kComplete };
inline const char* OperationName(Operation operation) { return operation == Operation::kChat ? "chat" : "complete"; }

// Whether a caller's own key takes the place of the configured one.
enum class CallerKey { kRefused, kAllowed, kRequired };

// One upstream, ready to be asked: configuration resolved into what each layer below wants.
struct Backend {
  std::string name;
  const dialect::Codec* codec = nullptr;
  dialect::Target target;
  std::string server_address;  // the host of target.base_url, an IPv6 one without brackets
  int server_port = 443;
  bool drops_unsupported = false;  // what the dialect cannot say is left out with a warning, not refused
  CallerKey caller_key = CallerKey::kRefused;
  std::shared_ptr<const upstream::Destination> destination;
  absl::Duration first_output = absl::Seconds(120);  // from request sent to the first text, reasoning or tool delta
  absl::Duration total = absl::Minutes(30);          // the whole call, over all attempts
  route::RetryPolicy retry;
  // The process's own for this upstream, so that it outlives a reload.
  std::shared_ptr<route::RetryBudget> retry_budget = std::make_shared<route::RetryBudget>(0.2);
};

// The metric series of one route, by operation.
struct RouteSeries {
  std::array<std::shared_ptr<telemetry::Series>, 2> by_operation;
  const std::shared_ptr<telemetry::Series>& of(Operation operation) const {
    return by_operation[static_cast<size_t>(operation)];
  }
};

struct Limits {
  absl::Duration caller_stall = absl::Seconds(30);  // a caller that takes nothing for so long is let go
  size_t buffer_high = size_t{256} << 10;           // bytes waiting for a slow caller at which its upstream is paused
  size_t buffer_low = size_t{128} << 10;            // ... and at which it goes on
  size_t request_bytes = size_t{32} << 20;          // one request, as the caller sent it
  size_t messages = 10'000;                         // in one request
  size_t complete_bytes = size_t{4} << 20;          // one gathered answer
  absl::Duration queue_wait = absl::Seconds(10);    // for a call's turn when too many are open
  dialect::DecodeLimits decode;
};

// Everything a call needs of the configuration, resolved once and immutable. A call keeps the plan it began with; a
// reload hands the engines a new one.
struct Plan {
  std::vector<std::shared_ptr<const Backend>> backends;  // route::Rule::upstream is an index into these
  route::Router router{{}};
  std::vector<RouteSeries> route_series;  // by rule
  RouteSeries unrouted;
  std::string default_model;  // asked for when a request names none; "" makes the name required
  Limits limits;
  std::shared_ptr<telemetry::Tracing> tracing;  // null: no spans are made
  bool expose_provider_text = false;            // a provider's own error text may echo the prompt
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_PLAN_H_
