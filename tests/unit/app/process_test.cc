#include "server/app/process.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "gtest/gtest.h"

namespace sluice::app {
namespace {

TEST(ProcessTest, TheSoftLimitOfDescriptorsRisesToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(before.rlim_max, 256);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  PrepareDescriptors();
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST(ProcessTest, AThreadAndWhatItStartsHaveTheSignalsBlocked) {
  // On a thread, so that the test program itself can still be interrupted.
  std::thread([] {
    BlockSignals();
    std::thread([] {
      sigset_t blocked;
      pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
      for (const int signal : {SIGHUP, SIGINT, SIGTERM}) EXPECT_EQ(sigismember(&blocked, signal), 1) << signal;
      EXPECT_EQ(sigismember(&blocked, SIGUSR1), 0);
    }).join();
  }).join();
  struct sigaction pipe_action {};
  sigaction(SIGPIPE, nullptr, &pipe_action);
  EXPECT_EQ(pipe_action.sa_handler, SIG_IGN);
}

}  // namespace
}  // namespace sluice::app
