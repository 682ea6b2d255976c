#ifndef SLUICE_TESTS_BENCH_LOAD_REPORT_H_
#define SLUICE_TESTS_BENCH_LOAD_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/bench/load/histogram.h"

namespace sluice::bench {

// What a run found. Histograms are in ns here and in us when printed.
struct Report {
  uint64_t deltas = 0;  // received in the window
  uint64_t calls = 0;   // ended as they should in the window
  uint64_t errors = 0;
  std::string first_error;
  Histogram latency;                                      // from a delta's stamp to its arrival
  Histogram gap;                                          // between a stream's deltas as they arrived
  uint64_t long_gaps = 0;                                 // of more than 10 intervals
  Histogram call_time;                                    // of the calls that were replaced
  Histogram ramp_ttft, probe_ttft;                        // from a call's start to its first delta
  Histogram cancel;                                       // from a call's cancellation to the upstream's notice of it
  std::map<double, std::vector<double>> silence_ttft_us;  // by seconds of silence
  double window_s = 0;
  double client_cpu_s = 0;      // this program's in the window
  int64_t longest_turn_ns = 0;  // of this program's loop in the window

  void Error(absl::string_view what);
  // One line of JSON.
  void Print() const;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_REPORT_H_
