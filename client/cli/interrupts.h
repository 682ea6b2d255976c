#ifndef SLUICE_CLIENT_CLI_INTERRUPTS_H_
#define SLUICE_CLIENT_CLI_INTERRUPTS_H_

#include <functional>
#include <thread>

#include "client/cli/cli.h"

namespace sluice::cli {

// SIGINT and SIGTERM. The first one while started is told; a second one ends the process as usual, in case the call
// does not end. One at a time in a process.
class SignalInterrupts final : public Interrupts {
 public:
  ~SignalInterrupts() override { Stop(); }
  void Start(std::function<void()> interrupted) override;
  void Stop() override;

 private:
  std::thread watcher_;
};

}  // namespace sluice::cli

#endif  // SLUICE_CLIENT_CLI_INTERRUPTS_H_
