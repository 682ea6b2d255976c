#ifndef SLUICE_SERVER_APP_PLAN_BUILDER_H_
#define SLUICE_SERVER_APP_PLAN_BUILDER_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/config/snapshot.h"
#include "server/exchange/plan.h"
#include "server/telemetry/metrics.h"
#include "server/upstream/pool.h"

namespace sluice::app {

// Turns a configuration into the plan that calls run by. Keeps what must outlive a reload: each upstream's connection
// pool and retry budget, and through the metrics each series. Thread safe.
class PlanBuilder {
 public:
  explicit PlanBuilder(telemetry::Metrics* metrics) : metrics_(metrics) {}
  // For all plans from now on; before the first is built.
  void set_tracing(std::shared_ptr<telemetry::Tracing> tracing) { tracing_ = std::move(tracing); }
  std::shared_ptr<const exchange::Plan> Build(const config::Snapshot& snapshot);
  std::vector<telemetry::PoolSample> SamplePools() const;

 private:
  std::shared_ptr<upstream::Pool> PoolFor(const config::Upstream& upstream);
  std::shared_ptr<route::RetryBudget> RetryBudgetFor(const config::Upstream& upstream);
  void DropUpstreamsNotIn(const config::Snapshot& snapshot);
  std::shared_ptr<const exchange::Backend> MakeBackend(const config::Upstream& upstream);
  exchange::RouteSeries Resolve(telemetry::SeriesLabels labels) const;

  telemetry::Metrics* const metrics_;
  std::shared_ptr<telemetry::Tracing> tracing_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<upstream::Pool>> pools_;              // by upstream's name
  std::map<std::string, std::shared_ptr<route::RetryBudget>> retry_budgets_;  // likewise
};

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_PLAN_BUILDER_H_
