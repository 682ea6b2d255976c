#include "client/cli/interrupts.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sluice::cli {
namespace {

// A handler may do next to nothing, so it writes a byte here and a thread does the rest.
int wake_pipe[2];
constexpr char kSignal = 's';
constexpr char kStop = 'x';

void Wake(char what) {
  // A full or broken pipe cannot be helped from inside a signal handler.
  [[maybe_unused]] const ssize_t written = write(wake_pipe[1], &what, 1);
}

void OnSignal(int) { Wake(kSignal); }

void Handle(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

void SignalInterrupts::Start(std::function<void()> interrupted) {
  if (pipe(wake_pipe) != 0) {
    std::perror("sluice: pipe");
    std::abort();
  }
  watcher_ = std::thread([interrupted = std::move(interrupted)] {
    bool told = false;
    for (char what = 0; read(wake_pipe[0], &what, 1) == 1 && what != kStop;) {
      if (!std::exchange(told, true)) interrupted();
    }
  });
  Handle(OnSignal);
}

void SignalInterrupts::Stop() {
  if (!watcher_.joinable()) return;
  Handle(SIG_DFL);
  Wake(kStop);
  watcher_.join();
  close(wake_pipe[0]);
  close(wake_pipe[1]);
}

}  // namespace sluice::cli
