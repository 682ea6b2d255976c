#include "server/telemetry/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice::telemetry {
namespace {

std::string ReadAll(const char* path) {
  std::ifstream in(path);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

double Seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

// The machine's boot as /proc/stat tells it; it does not change while we run.
double BootTime() {
  double boot = 0;
  const std::string text = ReadAll("/proc/stat");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "btime ") && absl::SimpleAtod(line, &boot)) break;
  }
  return boot;
}

std::optional<double> CountOpenFds() {
  std::error_code error;
  std::filesystem::directory_iterator it("/proc/self/fd", error);
  if (error) return std::nullopt;
  int count = 0;
  for (; it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (error) return std::nullopt;
    ++count;
  }
  return count - 1;  // the listing itself held one
}

}  // namespace

void ParseProcStat(absl::string_view text, double boot_time, ProcessStats& stats) {
  // The command name, field 2, may hold spaces and brackets: count from its last closing one. Field 3 comes next.
  const size_t close = text.rfind(')');
  if (close == absl::string_view::npos) return;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(text.substr(close + 1), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  constexpr size_t kFirst = 3, kThreads = 20, kStart = 22, kResident = 24;
  if (fields.size() <= kResident - kFirst) return;
  double threads = 0, start_ticks = 0, pages = 0;
  if (!absl::SimpleAtod(fields[kThreads - kFirst], &threads) ||
      !absl::SimpleAtod(fields[kStart - kFirst], &start_ticks) ||
      !absl::SimpleAtod(fields[kResident - kFirst], &pages)) {
    return;
  }
  stats.threads = threads;
  stats.resident_bytes = pages * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (boot_time > 0) stats.start_time = boot_time + start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

ProcessStats ReadProcessStats() {
  static const double boot_time = BootTime();
  ProcessStats stats;
  ParseProcStat(ReadAll("/proc/self/stat"), boot_time, stats);
  // Not from /proc: it counts CPU in ticks of 10 ms, which is coarser than a test of a few thousand deltas.
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) == 0) stats.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) stats.max_fds = static_cast<double>(files.rlim_cur);
  stats.open_fds = CountOpenFds();
  return stats;
}

}  // namespace sluice::telemetry
