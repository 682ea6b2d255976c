#include "tests/bench/load/pace.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/bench/load/stamp.h"

namespace sluice::bench {

Pace Pace::FromFlags(Flags flags, int argc, char** argv) {
  Pace pace;
  double interval_us = static_cast<double>(pace.interval_ns) / 1000;
  flags.Add("interval-us", &interval_us, "between the bursts of a stream; 0: as fast as the receiver takes them")
      .Add("burst", &pace.burst, "deltas at once")
      .Add("text-bytes", &pace.text_bytes, "length of a delta's text, at least 24")
      .Parse(argc, argv);
  if (pace.text_bytes < static_cast<int>(kStampBytes) || pace.burst < 1 || interval_us < 0) {
    fputs("--text-bytes has to be 24 or more, --burst 1 or more, --interval-us 0 or more\n", stderr);
    exit(2);
  }
  pace.interval_ns = static_cast<int64_t>(interval_us * 1000);
  return pace;
}

}  // namespace sluice::bench
