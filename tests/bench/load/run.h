#ifndef SLUICE_TESTS_BENCH_LOAD_RUN_H_
#define SLUICE_TESTS_BENCH_LOAD_RUN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/bench/load/call.h"
#include "tests/bench/load/close_board.h"
#include "tests/bench/load/plan.h"
#include "tests/bench/load/poller.h"
#include "tests/bench/load/report.h"

namespace sluice::bench {

// How calls are made: over HTTP or gRPC.
class Transport {
 public:
  virtual ~Transport() = default;
  // Starts `call` on its slot; its deltas and end go to the Run. `call` stays at its place.
  virtual void Start(Call& call) = 0;
  // Lets go of a running call: nothing more is heard of it. The server is told by the next Flush.
  virtual void Cancel(Call& call) = 0;
  // The end of a turn: sends what was held back.
  virtual void Flush() = 0;
};

// A run, on one thread. Its phases:
//   ramp      the streams are opened evenly; when each has delivered, "begin" is printed
//   window    deltas are counted; at its end "end" is printed
//   probe     short calls, one at a time, while the streams go on
//   cancels   calls that are cancelled in the midst, one at a time, and timed until the upstream has noticed
//   silences  nothing is called for a while, then one short call; several times for each length
// and then the report is printed. So a driver can read the CPU clock of the server under load at begin and end.
class Run {
 public:
  explicit Run(const Plan& plan);

  const Plan& plan() const { return plan_; }
  Poller& poller() { return poller_; }
  // Of the streams, and of the short calls besides: that one is the last.
  int slots() const { return plan_.streams + 1; }

  // Returns the program's exit status.
  int Go(Transport& transport);

  // For the transport: a delta of `call` that came at `now`, and the call's end. `problem` is empty when it ended as
  // it should.
  void TakeDelta(Call& call, absl::string_view text, int64_t now);
  void TakeEnd(Call& call, absl::string_view problem);

 private:
  enum class Phase { kRamp, kWindow, kProbe, kCancels, kSilences, kOver };

  void Open(Call& call, Call::Kind kind, int count);
  void OpenDueStreams(int64_t now);
  void OpenDueShortCall(int64_t now);
  void CancelDue(int64_t now);
  void LookForClose(int64_t now);
  void ReplaceEnded();
  void Advance(int64_t now);
  void BeginWindow(int64_t now);
  void EndWindow(int64_t now);
  void CheckEachGoesOn(int64_t now);
  void PlanNextSilence(int64_t now);
  void TakeFirstDelta(const Call& call, int64_t now);
  int64_t StreamDue(int number) const;
  int64_t NextDue() const;
  void Break(Call& call, absl::string_view what);
  Call& short_call() { return calls_.back(); }

  const Plan plan_;
  const int64_t interval_;
  Poller poller_;
  Transport* transport_ = nullptr;
  Report report_;

  Phase phase_ = Phase::kRamp;
  int64_t began_ = 0;
  int64_t until_ = 0;  // the phase's end; of the ramp: when it is given up
  int64_t cpu_at_begin_ = 0;
  std::vector<Call> calls_;
  std::vector<Call*> ended_;  // to be replaced
  int opened_ = 0;
  int delivering_ = 0;
  int64_t next_short_call_ = 0;
  std::optional<CloseBoard> board_;
  int64_t cancelled_ = 0;  // when the last cancelled call was; 0 when the upstream has noticed
  int64_t closes_before_ = 0;
  std::vector<double> silences_left_;  // the one that lasts now is at the back
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_RUN_H_
