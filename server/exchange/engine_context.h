#ifndef SLUICE_SERVER_EXCHANGE_ENGINE_CONTEXT_H_
#define SLUICE_SERVER_EXCHANGE_ENGINE_CONTEXT_H_

#include <memory>

#include "server/base/random.h"
#include "server/exchange/plan.h"
#include "server/loop/loop.h"
#include "server/upstream/client.h"

namespace sluice::exchange {

// What the engine that took a call lends to it. Belongs to one thread: the loop's.
struct EngineContext {
  loop::Loop& loop;
  upstream::Client& client;
  std::shared_ptr<const Plan> plan;  // replaced on reload, on the loop's thread
  Random& random = Random::Real();
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_ENGINE_CONTEXT_H_
