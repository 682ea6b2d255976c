#include "server/app/engine.h"

#include <pthread.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::app {

void Engine::Run(int number) {
  thread_ = std::thread([this, number] {
    pthread_setname_np(pthread_self(), absl::StrCat("sluice-engine", number).c_str());
    loop_.Run();
  });
}

void Engine::Stop() {
  if (!thread_.joinable()) return;
  loop_.Stop();
  thread_.join();
}

void Engine::SetPlan(std::shared_ptr<const exchange::Plan> plan) {
  loop_.Post([this, plan = std::move(plan)]() mutable { context_.plan = std::move(plan); });
}

}  // namespace sluice::app
