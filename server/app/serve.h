#ifndef SLUICE_SERVER_APP_SERVE_H_
#define SLUICE_SERVER_APP_SERVE_H_

#include "server/app/flags.h"

namespace sluice::app {

// Runs the gateway by `flags` until it is told to end. The process's exit status: 0 after a drain, 1 when it could not
// start (the reason is on standard error).
int Serve(const Flags& flags);

// --check-config: 0 and a summary, or 1 and everything that is wrong.
int CheckConfig(const Flags& flags);

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_SERVE_H_
