#ifndef SLUICE_SERVER_APP_PROCESS_H_
#define SLUICE_SERVER_APP_PROCESS_H_

#include <functional>

namespace sluice::app {

// Lets the process hold as many descriptors as the machine allows, and grows the kernel's table for them now: growing
// it once threads run stalls all of them for 8-16 ms at 256, 512, 1024 ... descriptors. Call before any thread starts.
void PrepareDescriptors();

// Signals arrive as events, not as interruptions: blocks SIGHUP, SIGINT and SIGTERM in this thread and in all that it
// starts, and SIGPIPE for good. Call before any thread starts.
void BlockSignals();

// What a process does from start-up to exit. Waits for signals on the calling thread: SIGHUP calls `reload`; the first
// SIGINT or SIGTERM runs `drain` on a thread of its own, and returns when that is done; a second one ends the process
// at once, with status 0.
void ServeUntilTerminated(const std::function<void()>& reload, const std::function<void()>& drain);

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_PROCESS_H_
