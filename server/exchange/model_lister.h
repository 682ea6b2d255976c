#ifndef SLUICE_SERVER_EXCHANGE_MODEL_LISTER_H_
#define SLUICE_SERVER_EXCHANGE_MODEL_LISTER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/chat/error.h"
#include "server/dialect/codec.h"
#include "server/exchange/engine_context.h"

namespace sluice::exchange {

// What one upstream answered to "which models have you".
struct ModelReport {
  std::string upstream;
  bool reachable = false;  // an HTTP answer came, whatever its status
  int http_status = 0;
  absl::Duration latency;
  std::vector<dialect::Model> models;
  std::unique_ptr<chat::Error> error;  // null: `models` is the list
};

// Asks every upstream of the context's plan at once, on the loop's thread. Destroying it closes what is open and the
// callback is not called.
class ModelLister {
 public:
  using Callback = absl::AnyInvocable<void(std::vector<ModelReport>)>;

  // `done` is called once, with a report an upstream in the plan's order, when the last has answered or failed; all
  // are cut off after `limit`.
  ModelLister(const EngineContext& context, absl::Duration limit, Callback done);
  ~ModelLister();
  ModelLister(const ModelLister&) = delete;
  ModelLister& operator=(const ModelLister&) = delete;

 private:
  class Query;
  void QueryEnded();

  loop::Loop& loop_;
  Callback done_;
  std::vector<std::unique_ptr<Query>> queries_;
  size_t open_;
  std::shared_ptr<bool> alive_;  // outlived by a posted end, which looks at it
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_MODEL_LISTER_H_
