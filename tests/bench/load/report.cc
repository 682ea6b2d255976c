#include "tests/bench/load/report.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace sluice::bench {
namespace {

constexpr uint64_t kErrorsShown = 5;

// Errors can quote what a server said.
std::string Quoted(absl::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += ' ';
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string Silences(const std::map<double, std::vector<double>>& by_length) {
  return absl::StrJoin(by_length, ",", [](std::string* out, const auto& silence) {
    absl::StrAppend(out, "\"", silence.first, "\":[", absl::StrJoin(silence.second, ","), "]");
  });
}

}  // namespace

void Report::Error(absl::string_view what) {
  if (errors == 0) first_error = std::string(what);
  if (++errors <= kErrorsShown) absl::FPrintF(stderr, "error: %s\n", what);
}

void Report::Print() const {
  std::string json = absl::StrCat("{\"deltas\":", deltas, ",\"calls\":", calls, ",\"errors\":", errors,
                                  ",\"first_error\":", Quoted(first_error));
  absl::StrAppend(&json, ",\"latency_us\":", latency.Json(), ",\"gap_us\":", gap.Json(),
                  ",\"gap_over_10x\":", long_gaps, ",\"call_us\":", call_time.Json());
  absl::StrAppend(&json, ",\"ramp_ttft_us\":", ramp_ttft.Json(), ",\"probe_ttft_us\":", probe_ttft.Json(),
                  ",\"cancel_us\":", cancel.Json(), ",\"silence_ttft_us\":{", Silences(silence_ttft_us), "}");
  absl::StrAppend(&json, ",\"window_s\":", window_s, ",\"client_cpu_s\":", client_cpu_s,
                  ",\"max_loop_stall_us\":", longest_turn_ns / 1000, "}\n");
  fputs(json.c_str(), stdout);
  fflush(stdout);
}

}  // namespace sluice::bench
