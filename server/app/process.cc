#include "server/app/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <thread>

#include "server/telemetry/log.h"

namespace sluice::app {
namespace {

// 10,000 streams take two descriptors each; the table costs 8 bytes of kernel memory a descriptor.
constexpr rlim_t kTableSize = 131'072;

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void PrepareDescriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t highest = std::min(limit.rlim_cur, kTableSize) - 1;
  if (const int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, static_cast<int>(highest)); fd >= 0) close(fd);
}

void BlockSignals() {
  const sigset_t set = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void ServeUntilTerminated(const std::function<void()>& reload, const std::function<void()>& drain) {
  const sigset_t set = HandledSignals();
  const int signals = signalfd(-1, &set, SFD_CLOEXEC);
  const int drained = eventfd(0, EFD_CLOEXEC);
  std::thread drainer;
  for (;;) {
    std::array<pollfd, 2> fds{{{signals, POLLIN, 0}, {drained, POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[1].revents != 0) break;
    signalfd_siginfo info{};
    if (read(signals, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP) {
      if (!drainer.joinable()) reload();
      continue;
    }
    if (drainer.joinable()) {
      telemetry::Log(telemetry::Level::kWarning, "second signal: ending at once");
      std::_Exit(0);
    }
    drainer = std::thread([&drain, drained] {
      drain();
      const uint64_t one = 1;
      static_cast<void>(!write(drained, &one, sizeof one));
    });
  }
  drainer.join();
  close(signals);
  close(drained);
}

}  // namespace sluice::app
