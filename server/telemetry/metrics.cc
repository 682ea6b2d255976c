#include "server/telemetry/metrics.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>
#include <utility>

#include "prometheus/text_serializer.h"
#include "server/telemetry/process.h"
#include "server/telemetry/series.h"

namespace sluice::telemetry {
namespace {

using prometheus::MetricFamily;

void AppendPools(const std::vector<PoolSample>& samples, std::vector<MetricFamily>& out) {
  // One line an upstream: two pools of one name (an old configuration's still draining) would make a scrape invalid.
  std::map<std::string, PoolSample> pools;
  for (const PoolSample& sample : samples) {
    PoolSample& sum = pools[sample.upstream];
    sum.open += sample.open;
    sum.in_flight += sample.in_flight;
    sum.waiting += sample.waiting;
    sum.limit = std::max(sum.limit, sample.limit);  // they share the connections of one limit
    sum.opened_total += sample.opened_total;
  }
  std::vector<Sample> connections, limit, waiting, opened;
  for (const auto& [upstream, pool] : pools) {
    // A request in flight may still be connecting, so there can be more of them than connections.
    const int in_use = std::min(pool.in_flight, pool.open);
    connections.push_back({{upstream, kInUse}, static_cast<double>(in_use)});
    connections.push_back({{upstream, kIdle}, static_cast<double>(pool.open - in_use)});
    limit.push_back({{upstream}, static_cast<double>(pool.limit)});
    waiting.push_back({{upstream}, static_cast<double>(pool.waiting)});
    opened.push_back({{upstream}, static_cast<double>(pool.opened_total)});
  }
  if (pools.empty()) return;
  out.push_back(MakeFamily(kPoolConnections, connections));
  out.push_back(MakeFamily(kPoolConnectionsLimit, limit));
  out.push_back(MakeFamily(kPoolWaiting, waiting));
  out.push_back(MakeFamily(kPoolOpened, opened));
}

double UnixSeconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

void AppendGateway(const GatewaySample& sample, std::vector<MetricFamily>& out) {
  const auto append = [&out](const MetricInfo& info, double value) { out.push_back(MakeFamily(info, {{{}, value}})); };
  append(kQueuedCalls, sample.queued_calls);
  out.push_back(MakeFamily(kSpans, {{{kSent}, static_cast<double>(sample.spans.sent)},
                                    {{kDropped}, static_cast<double>(sample.spans.dropped)},
                                    {{kFailed}, static_cast<double>(sample.spans.failed)}}));
  append(kOpenCallsLimit, sample.open_calls_limit);
  append(kDrainLimit, absl::ToDoubleSeconds(sample.drain_limit));
  append(kDrainingSince, sample.draining_since ? UnixSeconds(*sample.draining_since) : 0);
  std::vector<Sample> expiries;
  if (sample.certificate_expiry) expiries.push_back({{kServerCertificate}, UnixSeconds(*sample.certificate_expiry)});
  if (sample.client_ca_expiry) expiries.push_back({{kClientCa}, UnixSeconds(*sample.client_ca_expiry)});
  if (!expiries.empty()) out.push_back(MakeFamily(kCertificateExpiry, expiries));
}

void AppendProcess(std::vector<MetricFamily>& out) {
  const ProcessStats stats = ReadProcessStats();
  const auto append = [&out](const MetricInfo& info, const std::optional<double>& value) {
    if (value) out.push_back(MakeFamily(info, {{{}, *value}}));
  };
  append(kProcessCpu, stats.cpu_seconds);
  append(kProcessResident, stats.resident_bytes);
  append(kProcessOpenFds, stats.open_fds);
  append(kProcessMaxFds, stats.max_fds);
  append(kProcessStart, stats.start_time);
  append(kProcessThreads, stats.threads);
}

}  // namespace

struct Metrics::State {
  std::shared_ptr<Families> families = std::make_shared<Families>();
  prometheus::Counter& reloads_ok = families->reloads.Add(MakeLabels(kReloads, {kOk}));
  prometheus::Counter& reloads_failed = families->reloads.Add(MakeLabels(kReloads, {kFailed}));
  prometheus::Gauge& reload_successful = families->reload_successful.Add({});

  std::mutex series_mutex;
  std::map<std::array<std::string, 6>, std::shared_ptr<Series>> series;
  std::mutex sampler_mutex;
  std::function<std::vector<PoolSample>()> pool_sampler;
  std::function<GatewaySample()> gateway_sampler;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  state_->families->build_info.Add(MakeLabels(kBuildInfo, {SLUICE_VERSION})).Set(1);
  state_->reload_successful.Set(1);
}

Metrics::~Metrics() = default;

std::shared_ptr<Series> Metrics::Resolve(const SeriesLabels& labels) {
  std::lock_guard<std::mutex> lock(state_->series_mutex);
  std::shared_ptr<Series>& series =
      state_->series[{labels.operation, labels.route, labels.upstream, labels.provider, labels.model, labels.server}];
  if (series == nullptr) series = std::make_shared<RegisteredSeries>(state_->families, labels);
  return series;
}

void Metrics::ReloadDone(bool ok) {
  (ok ? state_->reloads_ok : state_->reloads_failed).Increment();
  state_->reload_successful.Set(ok ? 1 : 0);
}

void Metrics::SetPoolSampler(std::function<std::vector<PoolSample>()> sampler) {
  std::lock_guard<std::mutex> lock(state_->sampler_mutex);
  state_->pool_sampler = std::move(sampler);
}

void Metrics::SetGatewaySampler(std::function<GatewaySample()> sampler) {
  std::lock_guard<std::mutex> lock(state_->sampler_mutex);
  state_->gateway_sampler = std::move(sampler);
}

std::string Metrics::Scrape() const {
  std::vector<MetricFamily> families = state_->families->registry.Collect();
  {
    // Held while they run, so that once a Set...Sampler returns the former sampler is never called again.
    std::lock_guard<std::mutex> lock(state_->sampler_mutex);
    if (state_->pool_sampler) AppendPools(state_->pool_sampler(), families);
    if (state_->gateway_sampler) AppendGateway(state_->gateway_sampler(), families);
  }
  AppendProcess(families);
  // The registry keeps hash maps: sorted, two scrapes can be compared line by line.
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (MetricFamily& family : families) {
    std::sort(family.metric.begin(), family.metric.end(),
              [](const auto& a, const auto& b) { return a.label < b.label; });
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace sluice::telemetry
