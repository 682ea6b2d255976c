#ifndef SLUICE_SERVER_TELEMETRY_PROCESS_H_
#define SLUICE_SERVER_TELEMETRY_PROCESS_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace sluice::telemetry {

// What the kernel says of this process; an absent value could not be read.
struct ProcessStats {
  std::optional<double> cpu_seconds;  // user and system
  std::optional<double> resident_bytes;
  std::optional<double> open_fds;
  std::optional<double> max_fds;     // the soft limit
  std::optional<double> start_time;  // seconds since the Unix epoch
  std::optional<double> threads;
};

// Reads them now. Costs a directory listing of the open files: for a scrape, not for a call. Thread safe.
ProcessStats ReadProcessStats();

// Takes the numbers out of the text of /proc/<pid>/stat (proc(5)); `boot_time` in seconds since the Unix epoch.
// Leaves `stats` as it is where the text does not read as one.
void ParseProcStat(absl::string_view text, double boot_time, ProcessStats& stats);

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_PROCESS_H_
