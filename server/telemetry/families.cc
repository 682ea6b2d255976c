#include "server/telemetry/families.h"

#include <cassert>
#include <utility>

namespace sluice::telemetry {
namespace {

auto& Counters(prometheus::Registry& registry, const MetricInfo& info) {
  return prometheus::BuildCounter().Name(info.name).Help(info.help).Register(registry);
}

auto& Gauges(prometheus::Registry& registry, const MetricInfo& info) {
  return prometheus::BuildGauge().Name(info.name).Help(info.help).Register(registry);
}

auto& Histograms(prometheus::Registry& registry, const MetricInfo& info) {
  return prometheus::BuildHistogram().Name(info.name).Help(info.help).Register(registry);
}

}  // namespace

prometheus::Labels MakeLabels(const MetricInfo& info, std::initializer_list<std::string> values) {
  prometheus::Labels labels;
  size_t i = 0;
  for (const std::string& value : values) {
    assert(i < info.labels.size() && info.labels[i] != nullptr);
    labels.emplace(info.labels[i++], value);
  }
  assert(i == info.labels.size() || info.labels[i] == nullptr);
  return labels;
}

Families::Families()
    : server_duration(Histograms(registry, kServerDuration)),
      time_to_first_token(Histograms(registry, kTimeToFirstToken)),
      time_per_output_token(Histograms(registry, kTimePerOutputToken)),
      client_duration(Histograms(registry, kClientDuration)),
      token_usage(Histograms(registry, kTokenUsage)),
      calls(Counters(registry, kCalls)),
      open_streams(Gauges(registry, kOpenStreams)),
      deltas(Counters(registry, kDeltas)),
      delta_gap(Histograms(registry, kDeltaGap)),
      overhead(Histograms(registry, kOverhead)),
      caller_bytes(Counters(registry, kCallerBytes)),
      pauses(Counters(registry, kPauses)),
      attempts(Counters(registry, kAttempts)),
      tokens(Counters(registry, kTokens)),
      tokens_estimated(Counters(registry, kTokensEstimated)),
      timeouts(Counters(registry, kTimeouts)),
      retries(Counters(registry, kRetries)),
      retries_denied(Counters(registry, kRetriesDenied)),
      upstream_bytes(Counters(registry, kUpstreamBytes)),
      limits_reached(Counters(registry, kLimitsReached)),
      call_failures(Counters(registry, kCallFailures)),
      streams_cut(Counters(registry, kStreamsCut)),
      reloads(Counters(registry, kReloads)),
      reload_successful(Gauges(registry, kReloadSuccessful)),
      build_info(Gauges(registry, kBuildInfo)) {}

prometheus::MetricFamily MakeFamily(const MetricInfo& info, const std::vector<Sample>& samples) {
  prometheus::MetricFamily family;
  family.name = info.name;
  family.help = info.help;
  const bool counter = info.kind == MetricKind::kCounter;
  family.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const Sample& sample : samples) {
    prometheus::ClientMetric metric;
    for (size_t i = 0; i < sample.label_values.size(); ++i) {
      metric.label.push_back({info.labels[i], sample.label_values[i]});
    }
    (counter ? metric.counter.value : metric.gauge.value) = sample.value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace sluice::telemetry
