#ifndef SLUICE_SERVER_APP_ENGINE_H_
#define SLUICE_SERVER_APP_ENGINE_H_

#include <memory>
#include <thread>

#include "server/exchange/engine_context.h"
#include "server/loop/loop.h"
#include "server/upstream/curl_client.h"

namespace sluice::app {

// One thread that owns whole streams: its loop, its upstream client, its current plan. The gRPC side registers with the
// loop and borrows the context.
class Engine {
 public:
  Engine(const Clock& clock, std::shared_ptr<const exchange::Plan> plan)
      : loop_(clock), client_(loop_), context_{loop_, client_, std::move(plan)} {}
  ~Engine() { Stop(); }

  void Run(int number);  // starts the thread
  void Stop();           // ends it, once; what is posted before still runs

  // Calls that begin after this use `plan`. Any thread.
  void SetPlan(std::shared_ptr<const exchange::Plan> plan);

  loop::Loop& loop() { return loop_; }
  exchange::EngineContext& context() { return context_; }

 private:
  loop::Loop loop_;
  upstream::CurlClient client_;
  exchange::EngineContext context_;
  std::thread thread_;
};

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_ENGINE_H_
