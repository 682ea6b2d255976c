#include "tests/bench/load/run.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/clock.h"

namespace sluice::bench {
namespace {

constexpr int kCallsPerSilence = 5;
// Of a probe: its first token is not its last, as with most answers.
constexpr int kProbeDeltas = 2;
// After a silence: an end that is right behind the first delta, so that the server is idle again at once.
constexpr int kShortCall = 1;
// Of the calls that are cancelled: one after another, each let go in the middle between two deltas.
constexpr int kCancelsASecond = 50;
constexpr int64_t kLookEvery = kNsPerSecond / 1000;  // at the board, whose times are exact anyway
// What a server may take, beyond the ramp's time, to let each stream deliver, and for a short call.
constexpr double kPatience = 60;
// A stream that was silent for so long before the window's end, and for 20 intervals, has stopped.
constexpr int64_t kStopped = 2 * kNsPerSecond;

}  // namespace

Run::Run(const Plan& plan)
    : plan_(plan), interval_(static_cast<int64_t>(plan.interval_us * 1000)), calls_(static_cast<size_t>(slots())) {
  for (int i = 0; i < slots(); ++i) calls_[static_cast<size_t>(i)].slot = i;
  if (!plan.closes.empty()) board_.emplace(plan.closes);
  for (const double silence : plan.silences) silences_left_.insert(silences_left_.begin(), kCallsPerSilence, silence);
}

int Run::Go(Transport& transport) {
  transport_ = &transport;
  began_ = NowNs();
  until_ = began_ + ToNs(plan_.ramp + kPatience);
  while (phase_ != Phase::kOver) {
    const int64_t now = NowNs();
    OpenDueStreams(now);
    OpenDueShortCall(now);
    CancelDue(now);
    transport.Flush();
    Advance(now);
    for (const epoll_event& event : poller_.Wait(NextDue() - NowNs())) {
      static_cast<Waiter*>(event.data.ptr)->Ready(event.events);
    }
    ReplaceEnded();
    transport.Flush();
  }
  report_.Print();
  return report_.errors == 0 ? 0 : 1;
}

void Run::TakeDelta(Call& call, absl::string_view text, int64_t now) {
  if (call.broken) return;
  if (!call.Take(text, static_cast<size_t>(plan_.text_bytes))) {
    return Break(call, absl::StrCat("delta ", call.next, " is missing, doubled, torn or another stream's; came: \"",
                                    text.substr(0, 2 * kStampBytes), "\""));
  }
  const int64_t before = call.received;
  call.received = now;
  if (before == 0) TakeFirstDelta(call, now);
  if (phase_ != Phase::kWindow || call.kind != Call::Kind::kStream) return;
  ++report_.deltas;
  report_.latency.Record(now - call.sent);
  if (before == 0) return;
  report_.gap.Record(now - before);
  if (interval_ > 0 && now - before > 10 * interval_) ++report_.long_gaps;
}

void Run::TakeFirstDelta(const Call& call, int64_t now) {
  const int64_t ttft = now - call.started;
  switch (call.kind) {
    case Call::Kind::kStream:
      if (!call.ramp) return;
      ++delivering_;
      return report_.ramp_ttft.Record(ttft);
    case Call::Kind::kProbe:
      return report_.probe_ttft.Record(ttft);
    case Call::Kind::kCancel:
      return;
    case Call::Kind::kSilence:
      return report_.silence_ttft_us[silences_left_.back()].push_back(static_cast<double>(ttft) / 1000);
  }
}

void Run::TakeEnd(Call& call, absl::string_view problem) {
  call.running = false;
  if (!problem.empty()) {
    Break(call, problem);
  } else if (call.count == 0) {
    Break(call, "an endless stream ended");
  } else if (!call.broken && call.next != call.count) {
    Break(call, absl::StrCat("a call ended after ", call.next, " of ", call.count, " deltas"));
  }
  const int64_t now = NowNs();
  if (call.kind == Call::Kind::kStream && call.count > 0) {
    ended_.push_back(&call);
    if (call.broken || phase_ != Phase::kWindow) return;
    ++report_.calls;
    report_.call_time.Record(now - call.started);
  } else if (call.kind == Call::Kind::kSilence) {
    silences_left_.pop_back();
    PlanNextSilence(now);
  }
}

void Run::Break(Call& call, absl::string_view what) {
  call.broken = true;
  report_.Error(absl::StrCat("call ", call.slot, ": ", what));
}

void Run::Open(Call& call, Call::Kind kind, int count) {
  Call next;
  next.slot = call.slot;
  next.kind = kind;
  next.ramp = call.started == 0;
  next.count = count;
  next.running = true;
  next.started = NowNs();
  call = next;
  transport_->Start(call);
}

int64_t Run::StreamDue(int number) const {
  return began_ + static_cast<int64_t>(plan_.ramp * 1e9 * number / plan_.streams);
}

void Run::OpenDueStreams(int64_t now) {
  for (; opened_ < plan_.streams && StreamDue(opened_) <= now; ++opened_) {
    Open(calls_[static_cast<size_t>(opened_)], Call::Kind::kStream, plan_.count);
  }
}

void Run::OpenDueShortCall(int64_t now) {
  if (short_call().running || now < next_short_call_) return;
  if (phase_ == Phase::kProbe && now < until_) {
    next_short_call_ = now + kNsPerSecond / plan_.probe_rate;
    Open(short_call(), Call::Kind::kProbe, kProbeDeltas);
  } else if (phase_ == Phase::kCancels && now < until_ && cancelled_ == 0) {
    next_short_call_ = now + kNsPerSecond / kCancelsASecond;
    Open(short_call(), Call::Kind::kCancel, /*count=*/0);
  } else if (phase_ == Phase::kSilences && !silences_left_.empty()) {
    Open(short_call(), Call::Kind::kSilence, kShortCall);
  }
}

void Run::CancelDue(int64_t now) {
  if (phase_ != Phase::kCancels) return;
  LookForClose(now);
  Call& call = short_call();
  if (!call.running || call.received == 0 || now < call.received + interval_ / 2) return;
  closes_before_ = board_->count();
  call.running = false;
  cancelled_ = NowNs();
  transport_->Cancel(call);
}

void Run::LookForClose(int64_t now) {
  if (cancelled_ == 0) return;
  if (board_->count() == closes_before_ + 1) {
    report_.cancel.Record(board_->last() - std::exchange(cancelled_, 0));
  } else if (board_->count() != closes_before_ || now - cancelled_ > ToNs(kPatience)) {
    Break(short_call(), absl::StrCat(board_->count() - closes_before_, " streams closed where one was cancelled"));
    phase_ = Phase::kOver;
  }
}

void Run::ReplaceEnded() {
  for (size_t left = ended_.size(); left > 0; --left) {  // one that ends while it starts has its turn next time
    Call* const call = ended_[left - 1];
    ended_.erase(ended_.begin() + static_cast<ptrdiff_t>(left) - 1);
    Open(*call, Call::Kind::kStream, plan_.count);
  }
}

void Run::Advance(int64_t now) {
  if (short_call().running && now - short_call().started > ToNs(kPatience)) {
    Break(short_call(), "a short call does not end");
    phase_ = Phase::kOver;
  }
  switch (phase_) {
    case Phase::kRamp:
      if (report_.errors == 0 && delivering_ == plan_.streams) return BeginWindow(now);
      if (now >= until_) report_.Error(absl::StrCat("only ", delivering_, " streams deliver"));
      if (report_.errors > 0) phase_ = Phase::kOver;  // no figure of this run would count
      return;
    case Phase::kWindow:
      if (now >= until_) EndWindow(now);
      return;
    case Phase::kProbe:
      if (now < until_ || short_call().running) return;
      phase_ = Phase::kCancels;
      until_ = now + ToNs(plan_.cancels);
      return;
    case Phase::kCancels:
      if (now < until_ || short_call().running || cancelled_ != 0) return;
      phase_ = Phase::kSilences;
      return PlanNextSilence(now);
    case Phase::kSilences:
      if (silences_left_.empty()) phase_ = Phase::kOver;
      return;
    case Phase::kOver:
      return;
  }
}

void Run::BeginWindow(int64_t now) {
  phase_ = Phase::kWindow;
  began_ = now;
  until_ = now + ToNs(plan_.window);
  cpu_at_begin_ = CpuNs();
  poller_.ResetTurns();
  puts("begin");
  fflush(stdout);
}

void Run::EndWindow(int64_t now) {
  puts("end");
  fflush(stdout);
  report_.window_s = static_cast<double>(now - began_) / 1e9;
  report_.client_cpu_s = static_cast<double>(CpuNs() - cpu_at_begin_) / 1e9;
  report_.longest_turn_ns = poller_.longest_turn_ns();
  CheckEachGoesOn(now);
  phase_ = Phase::kProbe;
  until_ = now + ToNs(plan_.probe);
}

void Run::CheckEachGoesOn(int64_t now) {
  const int64_t stopped = std::max(kStopped, 20 * interval_);
  if (stopped >= ToNs(plan_.window)) return;
  for (Call& call : calls_) {
    if (&call == &short_call() || call.broken || now - call.received < stopped) continue;
    if (now - call.started >= stopped) Break(call, "a stream has stopped");
  }
}

void Run::PlanNextSilence(int64_t now) {
  if (!silences_left_.empty()) next_short_call_ = now + ToNs(silences_left_.back());
}

int64_t Run::NextDue() const {
  if (opened_ < plan_.streams) return std::min(until_, StreamDue(opened_));
  if (phase_ == Phase::kSilences) return next_short_call_;
  if (phase_ == Phase::kCancels) return NowNs() + kLookEvery;
  if (phase_ == Phase::kProbe && !calls_.back().running) return std::min(until_, next_short_call_);
  return phase_ == Phase::kProbe ? NowNs() + kNsPerSecond : until_;
}

}  // namespace sluice::bench
