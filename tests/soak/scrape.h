#ifndef SLUICE_TESTS_SOAK_SCRAPE_H_
#define SLUICE_TESTS_SOAK_SCRAPE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::soak {

// The gateway's state at one moment, as it tells it itself and as the kernel does.
struct Sample {
  bool answered = false;  // false: the gateway did not answer, and nothing else means anything
  int64_t at_ms = 0;
  double rss_mib = 0;
  int fds = 0, threads = 0;
  int open = 0;              // calls
  int in_use = 0, idle = 0;  // upstream connections
  int waiting = 0;           // for one of them
  int64_t calls = 0, reloads = 0, failed_reloads = 0, pauses = 0;
  double cpu_seconds = 0;
};

Sample TakeSample(int ops_port, pid_t pid);

double Median(std::vector<double> values);  // 0 of none

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_SCRAPE_H_
