#include "server/app/gateway.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/chat/error.h"
#include "server/edge/http/ops_endpoints.h"
#include "server/telemetry/log.h"

namespace sluice::app {
namespace {

using telemetry::Level;
using telemetry::Log;

// An upstream that has not named its models by then is reported as it stands.
constexpr absl::Duration kCheckLimit = absl::Seconds(10);

// An engine uses the machine best with a core for itself and one for the kernel's and the peers' work.
size_t EngineCount(const config::Snapshot& snapshot) {
  if (snapshot.engines > 0) return static_cast<size_t>(snapshot.engines);
  return std::max<size_t>(1, std::thread::hardware_concurrency() / 2);
}

edge::ServerTls ServerTlsOf(const config::ListenerTls& tls) {
  return {tls.certificate_chain, tls.private_key.Reveal(), tls.client_ca};
}

// A renewed certificate is taken up while serving, all else of the listeners is not.
bool NeedsNewListener(const config::Listen& old, config::Listen next) {
  const bool same_kind = old.grpc.tls.has_value() && next.grpc.tls.has_value() &&
                         old.grpc.tls->client_ca.empty() == next.grpc.tls->client_ca.empty();
  if (same_kind) next.grpc.tls = old.grpc.tls;
  return !(next == old);
}

}  // namespace

Gateway::Gateway(config::SnapshotPtr snapshot, const Clock& clock, IdSource& ids)
    : clock_(clock),
      ids_(ids),
      plans_(&metrics_),
      readiness_(std::make_shared<edge_http::Readiness>()),
      snapshot_(std::move(snapshot)),
      serving_(snapshot_->listen),
      open_calls_(std::make_shared<loop::Semaphore>(snapshot_->limits.open_calls,
                                                    static_cast<size_t>(snapshot_->limits.queued_calls))) {}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Start(config::SnapshotPtr snapshot, const Clock& clock,
                                                        IdSource& ids) {
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(snapshot), clock, ids));
  if (absl::Status listening = gateway->Listen(); !listening.ok()) return listening;
  return gateway;
}

absl::Status Gateway::Listen() {
  telemetry::SetLogLevel(snapshot_->log_level);
  metrics_.SetPoolSampler([this] { return plans_.SamplePools(); });
  metrics_.SetGatewaySampler([this] { return Sample(); });
  StartTracing();
  const auto plan = plans_.Build(*snapshot_);
  std::vector<exchange::EngineContext*> contexts;
  for (size_t i = 0; i < EngineCount(*snapshot_); ++i) {
    engines_.push_back(std::make_unique<Engine>(clock_, plan));
    contexts.push_back(&engines_.back()->context());
  }

  edge::ServerOptions options;
  options.address = snapshot_->listen.grpc.address;
  options.max_request_bytes = snapshot_->limits.request_bytes;
  options.max_header_bytes = static_cast<int>(snapshot_->limits.header_bytes);
  options.max_connection_streams = snapshot_->limits.connection_streams;
  options.max_connection_age = snapshot_->limits.connection_age;
  options.open_calls = open_calls_;
  if (const auto& tls = snapshot_->listen.grpc.tls) {
    options.tls = std::make_unique<edge::ServerTls>(ServerTlsOf(*tls));
  }
  auto grpc = edge::GrpcServer::Build(std::move(options), std::move(contexts), &ids_);
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);

  http::Options ops;
  ops.address = snapshot_->listen.ops;
  auto server = http::Server::Start(
      std::move(ops),
      edge_http::NewOpsEndpoints(readiness_, {[this] { return metrics_.Scrape(); }, telemetry::Metrics::kContentType}));
  if (!server.ok()) return server.status();
  ops_ = *std::move(server);

  grpc_->Start();
  for (size_t i = 0; i < engines_.size(); ++i) engines_[i]->Run(static_cast<int>(i));
  running_ = true;
  readiness_->SetReady();
  Log(Level::kInfo, "serving", {{"grpc_port", grpc_port()}, {"ops_port", ops_port()}, {"engines", engines()}});
  CheckUpstreams();
  return absl::OkStatus();
}

void Gateway::StartTracing() {
  const config::Traces& traces = snapshot_->traces;
  if (traces.address.empty()) return;
  edge_otlp::ExporterOptions options;
  options.address = traces.address;
  options.tls = traces.tls;
  options.ca_pem = traces.ca_pem;
  options.service = traces.service_name;
  options.version = SLUICE_VERSION;
  for (const auto& [name, value] : traces.headers) options.headers.emplace_back(name, value.Reveal());
  plans_.set_tracing(std::make_shared<telemetry::Tracing>(telemetry::Tracing{spans_, ids_, traces.sample}));
  exporter_ = std::make_unique<edge_otlp::Exporter>(std::move(options), &spans_);
}

void Gateway::CheckUpstreams() {
  Engine& engine = *engines_.front();
  engine.loop().Post([this, &engine] {
    check_ = std::make_unique<exchange::ModelLister>(engine.context(), kCheckLimit,
                                                     [this](std::vector<exchange::ModelReport> reports) {
                                                       for (const auto& report : reports) Report(report);
                                                     });
  });
}

void Gateway::Report(const exchange::ModelReport& report) {
  edge_http::UpstreamHealth health;
  health.reachable = report.reachable;
  health.status = report.http_status;
  health.models = static_cast<int>(report.models.size());
  health.latency = report.latency;
  health.checked_at = clock_.WallNow();
  if (report.error != nullptr) health.detail = report.error->message;
  Log(report.error == nullptr ? Level::kInfo : Level::kWarning, "upstream checked",
      {{"upstream", report.upstream},
       {"reachable", report.reachable},
       {"status", report.http_status},
       {"models", health.models},
       {"latency_ms", absl::ToDoubleMilliseconds(report.latency)},
       {"detail", health.detail}});
  const std::lock_guard lock(mutex_);
  // A reload may have taken it away meanwhile.
  if (snapshot_->FindUpstream(report.upstream) != nullptr) readiness_->SetUpstream(report.upstream, std::move(health));
}

void Gateway::Reload(const absl::StatusOr<config::SnapshotPtr>& snapshot) {
  const std::lock_guard lock(mutex_);
  metrics_.ReloadDone(snapshot.ok());
  if (!snapshot.ok()) {
    Log(Level::kError, "the new configuration is refused; the old one stays in force",
        {{"error", std::string(snapshot.status().message())}});
    return;
  }
  WarnOfWhatNeedsRestart(**snapshot);
  ReplaceCertificate((*snapshot)->listen);
  for (const config::Upstream& old : snapshot_->upstreams) {
    if ((*snapshot)->FindUpstream(old.name) == nullptr) readiness_->RemoveUpstream(old.name);
  }
  const bool upstreams_changed = snapshot_->upstreams != (*snapshot)->upstreams;
  snapshot_ = *snapshot;
  telemetry::SetLogLevel(snapshot_->log_level);
  const auto plan = plans_.Build(*snapshot_);
  open_calls_->SetLimits(snapshot_->limits.open_calls, static_cast<size_t>(snapshot_->limits.queued_calls));
  for (const auto& engine : engines_) engine->SetPlan(plan);
  Log(Level::kInfo, "configuration reloaded", {{"upstreams", static_cast<int64_t>(snapshot_->upstreams.size())}});
  if (upstreams_changed) CheckUpstreams();
}

void Gateway::ReplaceCertificate(const config::Listen& next) {
  const auto& tls = next.grpc.tls;
  if (!tls || tls == serving_.grpc.tls || !grpc_->ReplaceTls(ServerTlsOf(*tls))) return;
  serving_.grpc.tls = tls;
  Log(Level::kInfo, "certificate replaced",
      {{"expires", absl::FormatTime(tls->certificate_expiry, absl::UTCTimeZone())}});
}

telemetry::GatewaySample Gateway::Sample() const {
  telemetry::GatewaySample sample;
  sample.queued_calls = static_cast<int>(open_calls_->waiting());
  const std::lock_guard lock(mutex_);
  sample.open_calls_limit = snapshot_->limits.open_calls;
  sample.drain_limit = snapshot_->limits.drain;
  sample.draining_since = draining_since_;
  sample.spans = spans_.counts();
  if (const auto& tls = serving_.grpc.tls) {
    sample.certificate_expiry = tls->certificate_expiry;
    if (!tls->client_ca.empty()) sample.client_ca_expiry = tls->client_ca_expiry;
  }
  return sample;
}

void Gateway::WarnOfWhatNeedsRestart(const config::Snapshot& next) const {
  const auto warn = [](const char* field, bool differs) {
    if (differs) Log(Level::kWarning, "this change takes effect after a restart", {{"field", field}});
  };
  warn("listen", NeedsNewListener(serving_, next.listen));
  warn("traces", !(next.traces == snapshot_->traces));
  warn("engines", next.engines != snapshot_->engines);
  warn("limits.header_bytes", next.limits.header_bytes != snapshot_->limits.header_bytes);
  warn("limits.connection_streams", next.limits.connection_streams != snapshot_->limits.connection_streams);
  warn("limits.connection_age", next.limits.connection_age != snapshot_->limits.connection_age);
  // What is read and refused by us changes at once, what gRPC refuses unread stays.
  warn("limits.request_bytes", next.limits.request_bytes > 2 * snapshot_->limits.request_bytes);
}

void Gateway::Drain() {
  absl::Duration limit;
  {
    const std::lock_guard lock(mutex_);
    limit = snapshot_->limits.drain;
    draining_since_ = clock_.WallNow();
  }
  Log(Level::kInfo, "draining", {{"limit_s", absl::ToDoubleSeconds(limit)}});
  Shutdown(limit);
  Log(Level::kInfo, "drained");
}

void Gateway::Shutdown(absl::Duration limit) {
  if (std::exchange(drained_, true)) return;
  readiness_->SetDraining();
  if (grpc_ != nullptr) grpc_->Drain(limit);
  if (!running_) return;
  engines_.front()->loop().Post([this] { check_.reset(); });
  for (const auto& engine : engines_) engine->Stop();
}

Gateway::~Gateway() {
  Shutdown(absl::ZeroDuration());
  grpc_.reset();      // needs the engines' loops, which have stopped, to take the last completions
  exporter_.reset();  // sends the last spans
  ops_.reset();
}

}  // namespace sluice::app
