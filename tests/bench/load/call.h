#ifndef SLUICE_TESTS_BENCH_LOAD_CALL_H_
#define SLUICE_TESTS_BENCH_LOAD_CALL_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "tests/bench/load/stamp.h"

namespace sluice::bench {

// One call in flight, as the Run knows it. A slot's calls follow one another, never two at a time.
struct Call {
  enum class Kind { kStream, kProbe, kCancel, kSilence };

  int slot = 0;
  Kind kind = Kind::kStream;
  bool running = false;
  bool broken = false;  // an error was told: nothing more is expected of it
  bool ramp = true;     // the slot's first
  int count = 0;        // deltas asked for; 0: endless
  int64_t next = 0;     // number of the delta that is due
  int64_t started = 0;
  int64_t received = 0;  // when the last delta came, and when it was sent; 0 before the first
  int64_t sent = 0;

  // Whether `text` is the delta that is due: neither missing nor doubled nor torn nor another stream's. If so, it is
  // counted and `sent` is its stamp.
  bool Take(absl::string_view text, size_t text_bytes) {
    if (text.size() != text_bytes) return false;
    const Stamp stamp = Stamp::Of(text);
    if (stamp.number != next % kNumberWrap || stamp.sent < sent) return false;
    if (text_bytes > kStampBytes && (text[kStampBytes] != 'x' || text[text_bytes - 1] != 'x')) return false;
    ++next;
    sent = stamp.sent;
    return true;
  }
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_CALL_H_
