#include "server/config/check_config.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/check_listen.h"
#include "server/config/check_routes.h"
#include "server/config/check_traces.h"
#include "server/config/check_upstream.h"
#include "server/config/nearest.h"

namespace sluice::config {
namespace {

void CheckBuffers(const v1::Limits& in, Limits* out, Checker* checker) {
  const std::string high = "limits.buffer_high", low = "limits.buffer_low";
  if (in.has_buffer_high() && checker->InRange(high, in.buffer_high(), 4 << 10, 64 << 20)) {
    out->buffer_high = static_cast<size_t>(in.buffer_high());
  }
  out->buffer_low = std::min(out->buffer_low, out->buffer_high / 2);
  // With buffer_high out of range, the range of buffer_low is unknown too.
  if (!in.has_buffer_low() || checker->problems().Has(high)) return;
  if (in.buffer_low() < 1 || static_cast<size_t>(in.buffer_low()) >= out->buffer_high) {
    checker->Add(low, absl::StrCat(in.buffer_low(), " is out of range; take 1 to less than buffer_high, which is ",
                                   out->buffer_high));
  } else {
    out->buffer_low = static_cast<size_t>(in.buffer_low());
  }
}

Limits CheckLimits(const v1::Limits& in, Checker* checker) {
  Limits out;
  checker->Duration("limits.caller_stall", in.has_caller_stall(), in.caller_stall(), &out.caller_stall);
  checker->Duration("limits.drain", in.has_drain(), in.drain(), &out.drain);
  checker->Duration("limits.queue_wait", in.has_queue_wait(), in.queue_wait(), &out.queue_wait);
  checker->Duration("limits.connection_age", in.has_connection_age(), in.connection_age(), &out.connection_age);
  // Below that, callers would do little but connect.
  if (out.connection_age < absl::Seconds(1) && !checker->problems().Has("limits.connection_age")) {
    checker->Add("limits.connection_age", "is too short; take 1s or more");
  }
  const auto bytes = [&](const std::string& path, bool given, int64_t value, int64_t least, int64_t most, size_t* to) {
    if (given && checker->InRange(path, value, least, most)) *to = static_cast<size_t>(value);
  };
  bytes("limits.request_bytes", in.has_request_bytes(), in.request_bytes(), 1 << 10, 256 << 20, &out.request_bytes);
  bytes("limits.event_bytes", in.has_event_bytes(), in.event_bytes(), 1 << 10, 256 << 20, &out.event_bytes);
  bytes("limits.header_bytes", in.has_header_bytes(), in.header_bytes(), 1 << 10, 1 << 20, &out.header_bytes);
  bytes("limits.complete_bytes", in.has_complete_bytes(), in.complete_bytes(), 1 << 10, 256 << 20, &out.complete_bytes);
  const auto count = [&](const std::string& path, bool given, int value, int least, int most, int* to) {
    if (given && checker->InRange(path, value, least, most)) *to = value;
  };
  count("limits.messages", in.has_messages(), in.messages(), 1, 1'000'000, &out.messages);
  count("limits.json_depth", in.has_json_depth(), in.json_depth(), 16, 10'000, &out.json_depth);
  count("limits.open_calls", in.has_open_calls(), in.open_calls(), 1, 1'000'000, &out.open_calls);
  count("limits.queued_calls", in.has_queued_calls(), in.queued_calls(), 0, 1'000'000, &out.queued_calls);
  count("limits.connection_streams", in.has_connection_streams(), in.connection_streams(), 1, 1'000'000,
        &out.connection_streams);
  CheckBuffers(in, &out, checker);
  return out;
}

telemetry::Level CheckLevel(const v1::Log& in, Checker* checker) {
  const std::vector<std::pair<std::string, telemetry::Level>> levels = {{"debug", telemetry::Level::kDebug},
                                                                        {"info", telemetry::Level::kInfo},
                                                                        {"warning", telemetry::Level::kWarning},
                                                                        {"error", telemetry::Level::kError}};
  std::vector<std::string> words;
  for (const auto& [word, level] : levels) {
    if (in.level() == word) return level;
    words.push_back(word);
  }
  if (in.has_level()) {
    checker->Add("log.level",
                 absl::StrCat("unknown level", DidYouMean(in.level(), words), "; known: ", absl::StrJoin(words, ", ")));
  }
  return telemetry::Level::kInfo;
}

}  // namespace

Snapshot CheckConfig(const v1::Config& config, const std::vector<std::string>& dialects, Checker* checker) {
  Snapshot snapshot;
  snapshot.listen = CheckListen(config.listen(), checker);
  std::vector<std::string> names;
  for (const auto& [name, unused] : config.upstreams()) names.push_back(name);
  std::sort(names.begin(), names.end());  // the map's own order is random
  for (const std::string& name : names) {
    snapshot.upstreams.push_back(CheckUpstream(name, config.upstreams().at(name), dialects, checker));
  }
  if (names.empty() && !checker->problems().Has("upstreams")) {
    checker->Add("upstreams", "at least one is required, with a name, a dialect and a base_url");
  }
  snapshot.routes = CheckRoutes(config, names, checker);
  snapshot.default_model = config.default_model();
  snapshot.limits = CheckLimits(config.limits(), checker);
  snapshot.traces = CheckTraces(config.traces(), checker);
  snapshot.log_level = CheckLevel(config.log(), checker);
  if (config.has_engines() && checker->InRange("engines", config.engines(), 0, 256))
    snapshot.engines = config.engines();
  snapshot.expose_provider_text = config.errors().expose_provider_text();
  snapshot.files = checker->files();
  return snapshot;
}

}  // namespace sluice::config
