#ifndef SLUICE_TESTS_SOAK_CALL_PLAN_H_
#define SLUICE_TESTS_SOAK_CALL_PLAN_H_

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

#include "sluice/call_status.h"

namespace sluice::soak {

using Random = std::mt19937_64;
using Milliseconds = std::chrono::milliseconds;

// Both ends included.
inline int64_t Between(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}

enum class Operation { kChat, kComplete, kListModels };

// What goes wrong at the upstream. The last two are none of the call's business and must not show in it.
enum class Fault {
  kNone,
  kRateLimit,    // 429
  kServerError,  // 500
  kOverloaded,   // 503
  kNotSse,       // 200 with a page of HTML
  kCutBeforeHead,
  kCutAfterHead,
  kCutMidStream,
  kStallBeforeHead,
  kStallMidStream,
  kMalformed,   // half a JSON value in mid-stream
  kCloseAfter,  // the connection is closed after a whole answer
  kGoStale,     // the connection is closed when the next request comes on it
};

// How the caller behaves.
enum class Manner {
  kReadAll,
  kCancel,       // from another thread, after `patience`
  kDrop,         // destroys its stream after `reads` deltas
  kDeadline,     // of `patience`
  kReadSlowly,   // rests for `patience` after every `reads` deltas
  kStopReading,  // for `patience` after `reads` deltas
};

// One call from both sides: what its caller does and what its upstream does.
struct CallPlan {
  Operation operation = Operation::kChat;
  bool tls = false;  // through the upstream "tls" and not through "plain"
  int prompt_bytes = 0;

  // The answer: `deltas` texts of at least `delta_bytes`, `interval` apart, the head after `thinking`.
  int deltas = 1;
  int delta_bytes = 0;
  Milliseconds thinking{0};
  Milliseconds interval{0};

  Fault fault = Fault::kNone;
  int failing = 0;     // that many first attempts meet the fault; 0 also where it must not show
  int fault_at = 0;    // the number of the delta in whose place a fault in mid-stream comes
  bool reset = false;  // cuts are RST and not FIN

  Manner manner = Manner::kReadAll;
  Milliseconds patience{0};
  int reads = 0;
};

// Draws a call of the soak's mix: mostly short and long paced answers; one in twenty meets a fault, one in ten is
// given up, one in twenty has a deadline that is likely to pass, one in fifty is read slowly.
CallPlan DrawPlan(Random& random);

// The text of one delta: names its call, the attempt and its place, then filler.
std::string DeltaText(int64_t call, int attempt, int number, int bytes);

// Whether a call of this plan may end like this. `attempt` is the one that the answer came from (0: there was none).
bool Fits(const CallPlan& plan, const CallStatus& status, int attempt);

// For people: "chat tls, 40 deltas, fault cut_mid_stream at 7 in 1 attempt, cancel".
std::string Describe(const CallPlan& plan);

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_CALL_PLAN_H_
