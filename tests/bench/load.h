#ifndef SLUICE_TESTS_BENCH_LOAD_H_
#define SLUICE_TESTS_BENCH_LOAD_H_

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// What the load programs share: the plan of a run, the check of each delta, and the report.
//
// A run: `streams` endless streams are opened evenly over `ramp` seconds; once all deliver, "begin" is printed and
// deltas are counted for `window` seconds, then "end"; so the driver can read the CPU clock at both lines. After that,
// with the streams still running, short calls are made for `probe` seconds to measure the time to first token.
namespace sluice::bench {

constexpr int64_t kNsPerSecond = 1'000'000'000;

inline int64_t NowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kNsPerSecond + t.tv_nsec;
}

// A delta's text is its number in the stream and the time at which the upstream sent it: "0000042 0000123456789012".
constexpr size_t kTextBytes = 24;

struct Plan {
  int port = 0;
  int streams = 500;
  double ramp = 1, window = 8, probe = 5;
  int probes_per_second = 100;

  // PORT STREAMS RAMP WINDOW PROBE
  static Plan FromArgs(int argc, char** argv) {
    Plan plan;
    if (argc < 2) {
      fprintf(stderr, "usage: %s PORT [STREAMS RAMP_S WINDOW_S PROBE_S]\n", argv[0]);
      exit(2);
    }
    plan.port = atoi(argv[1]);
    if (argc > 2) plan.streams = atoi(argv[2]);
    if (argc > 3) plan.ramp = atof(argv[3]);
    if (argc > 4) plan.window = atof(argv[4]);
    if (argc > 5) plan.probe = atof(argv[5]);
    return plan;
  }
};

enum class Phase { kRamp, kWindow, kProbe, kOver };

// Decides what is due, and counts. Fed with the time by the program's loop.
class Run {
 public:
  explicit Run(const Plan& plan) : plan_(plan), start_(NowNs()), probe_gap_(kNsPerSecond / plan.probes_per_second) {}

  // How many streams should have been opened by now.
  int StreamsDue(int64_t now) const {
    const double share = static_cast<double>(now - start_) / (plan_.ramp * 1e9);
    return static_cast<int>(std::min(1.0, share) * plan_.streams);
  }
  bool ProbeDue(int64_t now) {
    if (phase_ != Phase::kProbe || now < next_probe_) return false;
    next_probe_ = now + probe_gap_;
    return true;
  }
  // Moves on through the phases, printing the lines that the driver waits for.
  Phase Advance(int64_t now) {
    if (phase_ == Phase::kRamp && delivering_ == plan_.streams) {
      Enter(Phase::kWindow, now + static_cast<int64_t>(plan_.window * 1e9));
      puts("begin");
      fflush(stdout);
    } else if (phase_ == Phase::kWindow && now >= until_) {
      printf("end deltas=%ld\n", static_cast<long>(deltas_));
      fflush(stdout);
      Enter(Phase::kProbe, now + static_cast<int64_t>(plan_.probe * 1e9));
    } else if (phase_ == Phase::kProbe && now >= until_) {
      Enter(Phase::kOver, 0);
    }
    return phase_;
  }

  // Takes a delta's text as number `expected` of its stream; false (and an error) when it is not that.
  bool TakeDelta(const char* text, size_t size, int64_t expected, int64_t now) {
    if (size != kTextBytes || atoll(std::string(text, 7).c_str()) != expected) {
      Error("a delta is missing, doubled or torn");
      return false;
    }
    if (expected == 0) ++delivering_;
    if (phase_ != Phase::kWindow) return true;
    ++deltas_;
    latencies_.push_back(now - atoll(std::string(text + 8, 16).c_str()));
    return true;
  }
  void TakeProbe(int64_t ttft_ns) { ttfts_.push_back(ttft_ns); }
  void Error(const std::string& what) {
    if (++errors_ <= 5) fprintf(stderr, "error: %s\n", what.c_str());
  }

  // Returns the exit status.
  int Report() {
    printf("ttft_p50_us=%.0f ttft_p99_us=%.0f probes=%zu delta_p50_us=%.0f delta_p99_us=%.0f errors=%d\n",
           Percentile(ttfts_, 0.5), Percentile(ttfts_, 0.99), ttfts_.size(), Percentile(latencies_, 0.5),
           Percentile(latencies_, 0.99), errors_);
    return errors_ == 0 && !ttfts_.empty() && !latencies_.empty() ? 0 : 1;
  }

 private:
  static double Percentile(std::vector<int64_t>& values, double p) {
    if (values.empty()) return 0;
    const auto at = values.begin() + static_cast<ptrdiff_t>(p * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return static_cast<double>(*at) / 1000;
  }
  void Enter(Phase phase, int64_t until) {
    phase_ = phase;
    until_ = until;
  }

  Plan plan_;
  int64_t start_;
  int64_t probe_gap_;
  int64_t next_probe_ = 0;
  int64_t until_ = 0;
  Phase phase_ = Phase::kRamp;
  int delivering_ = 0;
  int64_t deltas_ = 0;
  std::vector<int64_t> latencies_, ttfts_;
  int errors_ = 0;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_H_
