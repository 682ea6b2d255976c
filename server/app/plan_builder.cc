#include "server/app/plan_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/config/address.h"
#include "server/telemetry/names.h"

namespace sluice::app {
namespace {

using exchange::Operation;

absl::string_view HostOf(absl::string_view base_url) {
  const size_t scheme = base_url.find("://");
  if (scheme != absl::string_view::npos) base_url.remove_prefix(scheme + 3);
  return base_url.substr(0, base_url.find_first_of("/"));
}

upstream::Timeouts ConvertTimeouts(const config::Timeouts& from) {
  return {from.pool, from.connect, from.tls, from.send, from.first_byte, from.idle};
}

dialect::TokenLimitName Convert(config::Wire::TokenLimit from) {
  switch (from) {
    case config::Wire::TokenLimit::kAsAsked:
      return dialect::TokenLimitName::kAsAsked;
    case config::Wire::TokenLimit::kMaxTokens:
      return dialect::TokenLimitName::kMaxTokens;
    case config::Wire::TokenLimit::kMaxCompletionTokens:
      return dialect::TokenLimitName::kMaxCompletionTokens;
  }
  return dialect::TokenLimitName::kAsAsked;
}

exchange::CallerKey Convert(config::CallerKey from) {
  switch (from) {
    case config::CallerKey::kRefused:
      return exchange::CallerKey::kRefused;
    case config::CallerKey::kAllowed:
      return exchange::CallerKey::kAllowed;
    case config::CallerKey::kRequired:
      return exchange::CallerKey::kRequired;
  }
  return exchange::CallerKey::kRefused;
}

void ConvertWire(const config::Wire& from, dialect::Target* target) {
  target->chat_path = from.chat_path;
  target->models_path = from.models_path;
  target->auth_header = from.auth_header;
  target->auth_prefix = from.auth_prefix;
  target->token_limit_name = Convert(from.token_limit);
  target->ask_usage = from.ask_usage;
  target->reasoning = from.reasoning == config::Wire::Reasoning::kBudget ? dialect::ReasoningStyle::kBudget
                                                                         : dialect::ReasoningStyle::kEffort;
  target->split_think_tags = from.think_tags;
}

exchange::Limits ConvertLimits(const config::Limits& from) {
  exchange::Limits limits;
  limits.caller_stall = from.caller_stall;
  limits.buffer_high = from.buffer_high;
  limits.buffer_low = from.buffer_low;
  limits.request_bytes = from.request_bytes;
  limits.messages = static_cast<size_t>(from.messages);
  limits.complete_bytes = from.complete_bytes;
  limits.queue_wait = from.queue_wait;
  limits.decode.max_event_bytes = from.event_bytes;
  limits.decode.max_json_depth = from.json_depth;
  return limits;
}

telemetry::SeriesLabels Labels(const route::Rule& rule, const config::Upstream& upstream) {
  telemetry::SeriesLabels labels;
  labels.route = rule.pattern;
  labels.upstream = upstream.name;
  labels.provider = std::string(telemetry::ProviderName(upstream.dialect));
  labels.model = absl::EndsWith(rule.pattern, "*") ? "other" : rule.pattern;
  labels.server = std::string(HostOf(upstream.base_url));
  return labels;
}

// The rules of the configuration, one a pattern. No routes: the sole upstream takes everything. The default model gets
// a rule of its own, the like of the one that serves it, so that the metrics know it by name.
std::vector<route::Rule> MakeRules(const config::Snapshot& snapshot) {
  std::vector<route::Rule> rules;
  for (const config::Route& route : snapshot.routes) {
    const auto upstream = std::find_if(snapshot.upstreams.begin(), snapshot.upstreams.end(),
                                       [&](const config::Upstream& u) { return u.name == route.upstream; });
    const auto index = static_cast<size_t>(upstream - snapshot.upstreams.begin());
    for (const std::string& pattern : route.models) rules.push_back({pattern, index, route.model});
  }
  if (rules.empty()) rules.push_back({"*", 0, ""});
  if (!snapshot.default_model.empty()) {
    const route::Router router(rules);
    if (const auto match = router.Find(snapshot.default_model); match && !match->exact) {
      rules.push_back({snapshot.default_model, match->rule->upstream, match->rule->model});
    }
  }
  return rules;
}

}  // namespace

std::shared_ptr<upstream::Pool> PlanBuilder::PoolFor(const config::Upstream& upstream) {
  const upstream::PoolLimits limits{upstream.pool.connections, upstream.pool.idle, upstream.pool.idle_expiry};
  const std::lock_guard lock(mutex_);
  auto& pool = pools_[upstream.name];
  if (pool == nullptr) {
    pool = std::make_shared<upstream::Pool>(limits);
  } else {
    pool->SetLimits(limits);
  }
  return pool;
}

std::shared_ptr<route::RetryBudget> PlanBuilder::RetryBudgetFor(const config::Upstream& upstream) {
  const std::lock_guard lock(mutex_);
  auto& budget = retry_budgets_[upstream.name];
  if (budget == nullptr) {
    budget = std::make_shared<route::RetryBudget>(upstream.retry.budget);
  } else {
    budget->SetShare(upstream.retry.budget);
  }
  return budget;
}

std::shared_ptr<const exchange::Backend> PlanBuilder::MakeBackend(const config::Upstream& from) {
  auto destination = std::make_shared<upstream::Destination>();
  destination->name = from.name;
  destination->timeouts = ConvertTimeouts(from.timeouts);
  destination->tls = {from.ca_file, from.ca_pem};
  destination->proxy = from.proxy.Reveal();
  destination->http2 = from.http2;
  destination->pool = PoolFor(from);

  auto backend = std::make_shared<exchange::Backend>();
  backend->name = from.name;
  backend->codec = dialect::FindCodec(from.dialect);
  backend->target.base_url = from.base_url;
  if (const auto url = config::ParseUrl(from.base_url, /*allow_userinfo=*/false);
      url.ok()) {  // checked when it was read
    backend->server_address = url->authority.host;
    backend->server_port = url->authority.port >= 0 ? url->authority.port : url->scheme == "https" ? 443 : 80;
  }
  backend->target.api_key = from.api_key.Reveal();
  for (const auto& [name, value] : from.headers) backend->target.headers.emplace_back(name, value.Reveal());
  ConvertWire(from.wire, &backend->target);
  backend->drops_unsupported = from.drops_unsupported;
  backend->caller_key = Convert(from.caller_key);
  backend->target.default_temperature = from.default_temperature;
  backend->target.default_max_tokens = from.default_max_tokens;
  backend->destination = std::move(destination);
  backend->first_output = from.timeouts.first_output;
  backend->total = from.timeouts.total;
  backend->retry = {from.retry.attempts, from.retry.base, from.retry.cap};
  backend->retry_budget = RetryBudgetFor(from);
  return backend;
}

exchange::RouteSeries PlanBuilder::Resolve(telemetry::SeriesLabels labels) const {
  exchange::RouteSeries series;
  for (const Operation operation : {Operation::kChat, Operation::kComplete}) {
    labels.operation = exchange::OperationName(operation);
    series.by_operation[static_cast<size_t>(operation)] = metrics_->Resolve(labels);
  }
  return series;
}

// A running call keeps the pool of an upstream that the configuration no longer has; the metrics need not.
void PlanBuilder::DropUpstreamsNotIn(const config::Snapshot& snapshot) {
  const auto gone = [&](const auto& entry) { return snapshot.FindUpstream(entry.first) == nullptr; };
  const std::lock_guard lock(mutex_);
  std::erase_if(pools_, gone);
  std::erase_if(retry_budgets_, gone);
}

std::shared_ptr<const exchange::Plan> PlanBuilder::Build(const config::Snapshot& snapshot) {
  DropUpstreamsNotIn(snapshot);
  auto plan = std::make_shared<exchange::Plan>();
  for (const config::Upstream& upstream : snapshot.upstreams) plan->backends.push_back(MakeBackend(upstream));
  plan->router = route::Router(MakeRules(snapshot));
  for (const route::Rule& rule : plan->router.rules()) {
    plan->route_series.push_back(Resolve(Labels(rule, snapshot.upstreams[rule.upstream])));
  }
  plan->unrouted = Resolve({"", "none", "none", "none", "other", "none"});
  plan->default_model = snapshot.default_model;
  plan->limits = ConvertLimits(snapshot.limits);
  plan->tracing = tracing_;
  plan->expose_provider_text = snapshot.expose_provider_text;
  return plan;
}

std::vector<telemetry::PoolSample> PlanBuilder::SamplePools() const {
  std::vector<telemetry::PoolSample> samples;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, pool] : pools_) {
    const upstream::PoolStats stats = pool->stats();
    samples.push_back(
        {name, stats.open, stats.in_flight, stats.waiting, stats.opened_total, pool->limits().connections});
  }
  return samples;
}

}  // namespace sluice::app
