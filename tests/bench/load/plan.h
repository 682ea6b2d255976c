#ifndef SLUICE_TESTS_BENCH_LOAD_PLAN_H_
#define SLUICE_TESTS_BENCH_LOAD_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

// What a load program does, as its flags say. See Run for the phases.
struct Plan {
  int port = 0;
  int streams = 500;             // calls in flight
  double ramp = 1;               // seconds in which they are opened
  double window = 8;             // seconds that count
  double probe = 0;              // seconds of short calls beside the streams
  int probe_rate = 100;          // of them a second at most
  double cancels = 0;            // seconds of calls that are cancelled in the midst of their stream
  std::string closes;            // the upstream's CloseBoard, which they need
  std::vector<double> silences;  // seconds without any call before one more
  int count = 0;                 // deltas of a call, each replaced as it ends; 0: endless
  int text_bytes = 24;
  double interval_us = 20'000;       // the upstream's, to tell what a long gap is; 0: it does not pace
  std::string ca;                    // makes it TLS
  int connections = 8;               // of bench_grpc_load
  std::vector<std::string> headers;  // of bench_http_load, beside its own

  static Plan FromFlags(int argc, char** argv, bool grpc);
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_PLAN_H_
