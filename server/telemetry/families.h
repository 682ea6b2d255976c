#ifndef SLUICE_SERVER_TELEMETRY_FAMILIES_H_
#define SLUICE_SERVER_TELEMETRY_FAMILIES_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "server/telemetry/names.h"

namespace sluice::telemetry {

// Pairs the label names of `info` with `values`, in the order names.h gives them; as many values as names.
prometheus::Labels MakeLabels(const MetricInfo& info, std::initializer_list<std::string> values);

// The registry and every family that keeps its own counts. Thread safe; adding a series takes a lock, so series are
// added when a configuration is built and kept.
struct Families {
  Families();

  prometheus::Registry registry;
  prometheus::Family<prometheus::Histogram>& server_duration;
  prometheus::Family<prometheus::Histogram>& time_to_first_token;
  prometheus::Family<prometheus::Histogram>& time_per_output_token;
  prometheus::Family<prometheus::Histogram>& client_duration;
  prometheus::Family<prometheus::Histogram>& token_usage;
  prometheus::Family<prometheus::Counter>& calls;
  prometheus::Family<prometheus::Gauge>& open_streams;
  prometheus::Family<prometheus::Counter>& deltas;
  prometheus::Family<prometheus::Histogram>& delta_gap;
  prometheus::Family<prometheus::Histogram>& overhead;
  prometheus::Family<prometheus::Counter>& caller_bytes;
  prometheus::Family<prometheus::Counter>& pauses;
  prometheus::Family<prometheus::Counter>& attempts;
  prometheus::Family<prometheus::Counter>& tokens;
  prometheus::Family<prometheus::Counter>& tokens_estimated;
  prometheus::Family<prometheus::Counter>& timeouts;
  prometheus::Family<prometheus::Counter>& retries;
  prometheus::Family<prometheus::Counter>& retries_denied;
  prometheus::Family<prometheus::Counter>& upstream_bytes;
  prometheus::Family<prometheus::Counter>& limits_reached;
  prometheus::Family<prometheus::Counter>& call_failures;
  prometheus::Family<prometheus::Counter>& streams_cut;
  prometheus::Family<prometheus::Counter>& reloads;
  prometheus::Family<prometheus::Gauge>& reload_successful;
  prometheus::Family<prometheus::Gauge>& build_info;
};

// One value of a family that is read at scrape time instead of being counted.
struct Sample {
  std::vector<std::string> label_values;
  double value;
};
// A counter or gauge family made of `samples`, for TextSerializer.
prometheus::MetricFamily MakeFamily(const MetricInfo& info, const std::vector<Sample>& samples);

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_FAMILIES_H_
