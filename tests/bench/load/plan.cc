#include "tests/bench/load/plan.h"

#include <cstdio>
#include <cstdlib>

#include "tests/bench/load/flags.h"
#include "tests/bench/load/stamp.h"

namespace sluice::bench {

Plan Plan::FromFlags(int argc, char** argv, bool grpc) {
  Plan plan;
  Flags flags(grpc ? "Loads the gateway with Chat calls." : "Loads an OpenAI-compatible server with chat completions.");
  flags.Add("port", &plan.port, "of the server, on 127.0.0.1")
      .Add("streams", &plan.streams, "calls in flight")
      .Add("ramp", &plan.ramp, "seconds in which they are opened")
      .Add("window", &plan.window, "seconds that count")
      .Add("probe", &plan.probe, "seconds of short calls beside the streams, after the window")
      .Add("probe-rate", &plan.probe_rate, "short calls a second at most, one at a time")
      .Add("cancels", &plan.cancels, "seconds of calls that are cancelled after their first delta, after the probes")
      .Add("closes", &plan.closes, "file in which the upstream notes the streams that it loses, for --cancels")
      .Add("silences", &plan.silences, "seconds of silence before single calls, at the end, 5 calls each")
      .Add("count", &plan.count, "deltas of a call, each replaced when it ends; 0: endless")
      .Add("text-bytes", &plan.text_bytes, "length of a delta's text, as the upstream was told")
      .Add("interval-us", &plan.interval_us, "between a stream's deltas, as the upstream was told")
      .Add("ca", &plan.ca, "certificates to trust: makes it TLS");
  if (grpc) {
    flags.Add("connections", &plan.connections, "over which the calls are spread");
  } else {
    flags.Add("header", &plan.headers, "one more request header, \"name: value\"; may be repeated");
  }
  flags.Parse(argc, argv);
  if (plan.port <= 0 || plan.streams < 0 || plan.count < 0 || plan.probe_rate < 1 || plan.connections < 1 ||
      plan.text_bytes < static_cast<int>(kStampBytes)) {
    fputs("--port has to be given, --text-bytes to be 24 or more, the other numbers not to be negative\n", stderr);
    exit(2);
  }
  if (plan.cancels > 0 && plan.closes.empty()) {
    fputs("--cancels needs --closes\n", stderr);
    exit(2);
  }
  return plan;
}

}  // namespace sluice::bench
