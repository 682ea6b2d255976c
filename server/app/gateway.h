#ifndef SLUICE_SERVER_APP_GATEWAY_H_
#define SLUICE_SERVER_APP_GATEWAY_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/app/engine.h"
#include "server/app/plan_builder.h"
#include "server/base/id.h"
#include "server/config/loader.h"
#include "server/edge/grpc/server.h"
#include "server/edge/http/readiness.h"
#include "server/edge/otlp/exporter.h"
#include "server/exchange/model_lister.h"
#include "server/http/server.h"
#include "server/telemetry/metrics.h"
#include "server/telemetry/span_queue.h"

namespace sluice::app {

// The whole gateway in one process: configuration, engines, the gRPC and ops listeners. The one place that knows both
// the edges and the engines. Call order: Start, any number of Reload, Drain, destroy.
class Gateway {
 public:
  // Listens and serves, then asks each upstream for its models in the background (which decides nothing: an upstream
  // that is down is served anyway). Fails with a message that says what to change.
  static absl::StatusOr<std::unique_ptr<Gateway>> Start(config::SnapshotPtr snapshot,
                                                        const Clock& clock = Clock::Real(),
                                                        IdSource& ids = IdSource::Real());
  // Cancels whatever still runs.
  ~Gateway();

  int grpc_port() const { return grpc_->port(); }
  int ops_port() const { return ops_->port(); }
  int engines() const { return static_cast<int>(engines_.size()); }

  // Calls that begin from now on use `snapshot`; running ones keep what they began with. Listeners and the number of
  // engines stay as they are until a restart, and the log says so where the new configuration differs. An error
  // changes nothing. Any thread.
  void Reload(const absl::StatusOr<config::SnapshotPtr>& snapshot);

  // Not ready, GOAWAY, then waits for running calls, at most limits.drain. Any thread, once.
  void Drain();

  std::string Scrape() const { return metrics_.Scrape(); }

 private:
  Gateway(config::SnapshotPtr snapshot, const Clock& clock, IdSource& ids);
  absl::Status Listen();
  void StartTracing();
  void CheckUpstreams();
  void Report(const exchange::ModelReport& report);
  telemetry::GatewaySample Sample() const;
  void ReplaceCertificate(const config::Listen& next);
  void WarnOfWhatNeedsRestart(const config::Snapshot& next) const;
  void Shutdown(absl::Duration limit);

  const Clock& clock_;
  IdSource& ids_;
  telemetry::Metrics metrics_;
  telemetry::SpanQueue spans_;
  PlanBuilder plans_;
  const std::shared_ptr<edge_http::Readiness> readiness_;
  mutable std::mutex mutex_;  // guards what follows; held for a whole reload
  config::SnapshotPtr snapshot_;
  config::Listen serving_;  // as the listeners are: what a restart would change is not in it
  std::optional<absl::Time> draining_since_;
  const std::shared_ptr<loop::Semaphore> open_calls_;
  std::vector<std::unique_ptr<Engine>> engines_;
  std::unique_ptr<edge::GrpcServer> grpc_;
  std::unique_ptr<http::Server> ops_;
  std::unique_ptr<edge_otlp::Exporter> exporter_;  // null: no traces
  std::unique_ptr<exchange::ModelLister> check_;   // on the first engine's thread
  bool running_ = false;
  bool drained_ = false;
};

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_GATEWAY_H_
