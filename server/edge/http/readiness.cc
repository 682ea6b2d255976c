#include "server/edge/http/readiness.h"

#include <utility>

namespace sluice::edge_http {

void Readiness::SetReady() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kStarting) phase_ = Phase::kServing;
}

void Readiness::SetDraining() {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kDraining;
}

void Readiness::SetUpstream(absl::string_view name, UpstreamHealth health) {
  const std::lock_guard lock(mutex_);
  upstreams_[std::string(name)] = std::move(health);
}

void Readiness::RemoveUpstream(absl::string_view name) {
  const std::lock_guard lock(mutex_);
  upstreams_.erase(std::string(name));
}

Readiness::Snapshot Readiness::Get() const {
  const std::lock_guard lock(mutex_);
  switch (phase_) {
    case Phase::kStarting:
      return {false, "starting", upstreams_};
    case Phase::kServing:
      return {true, "serving", upstreams_};
    case Phase::kDraining:
      break;
  }
  return {false, "draining", upstreams_};
}

}  // namespace sluice::edge_http
