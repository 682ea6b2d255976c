#include "server/telemetry/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace sluice::telemetry {
namespace {

TEST(ProcessStats, CountsTheOpenFilesAndNotItsOwnListing) {
  int open_fds = 0;
  for (int fd = 0; fd < 1024; ++fd) open_fds += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  EXPECT_EQ(ReadProcessStats().open_fds, open_fds);
}

TEST(ProcessStats, CountsFilesAsTheyOpen) {
  const auto before = ReadProcessStats().open_fds;
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const auto after = ReadProcessStats().open_fds;
  close(fd);
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(after, *before + 1);
}

TEST(ProcessStats, CountsThreadsAsTheyStart) {
  const auto before = ReadProcessStats().threads;
  std::promise<void> started, done;
  std::thread thread([&] {
    started.set_value();
    done.get_future().wait();
  });
  started.get_future().wait();
  const auto after = ReadProcessStats().threads;
  done.set_value();
  thread.join();
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(after, *before + 1);
}

TEST(ProcessStats, CpuGrowsWithWork) {
  const auto before = ReadProcessStats().cpu_seconds;
  ASSERT_TRUE(before.has_value());
  std::optional<double> after = before;
  while (after == before) after = ReadProcessStats().cpu_seconds;  // reading is work, counted by the microsecond
  EXPECT_GT(*after, *before);
}

TEST(ProcessStats, TheRestIsPlausible) {
  const ProcessStats stats = ReadProcessStats();
  EXPECT_GT(stats.resident_bytes.value(), 500e3);
  EXPECT_GE(stats.max_fds.value(), stats.open_fds.value());
  const double now = static_cast<double>(absl::ToUnixSeconds(absl::Now()));
  EXPECT_GT(stats.start_time.value(), now - 86400);
  EXPECT_LT(stats.start_time.value(), now + 60);
}

constexpr char kStat[] =
    "42 (a ) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 7 3 0 0 20 0 9 0 12345 1000000 250 18446744073709551615 1 1 0 0";

TEST(ProcStat, ReadsPastANameWithBrackets) {
  ProcessStats stats;
  ParseProcStat(kStat, 1000, stats);
  EXPECT_EQ(stats.threads, 9);
  EXPECT_EQ(stats.resident_bytes, 250 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(stats.start_time, 1000 + 12345 / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

TEST(ProcStat, LeavesOutWhatItCannotRead) {
  ProcessStats stats;
  ParseProcStat(kStat, 0, stats);  // the boot time is unknown
  EXPECT_FALSE(stats.start_time.has_value());
  EXPECT_TRUE(stats.threads.has_value());
  for (const char* broken :
       {"", "42 a S 1", "42 (a) S 1 2 3", "42 (a) S 1 2 3 x x x x x x x x x x x x x x x x x x x x"}) {
    ProcessStats none;
    ParseProcStat(broken, 1000, none);
    EXPECT_FALSE(none.threads.has_value()) << broken;
    EXPECT_FALSE(none.resident_bytes.has_value()) << broken;
  }
}

}  // namespace
}  // namespace sluice::telemetry
