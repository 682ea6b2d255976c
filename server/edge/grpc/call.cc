#include "server/edge/grpc/call.h"

#include <grpc/support/time.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "server/edge/grpc/engine.h"
#include "server/edge/grpc/upstream_key.h"
#include "server/exchange/failures.h"
#include "server/telemetry/trace_context.h"

namespace sluice::edge {
namespace {

constexpr size_t kMaxRequestId = 128;
constexpr absl::Duration kEver = absl::Hours(24 * 365 * 100);  // a deadline beyond is none
// A caller's own clock ends the call a little before ours: what it sends is the time left, which ages on the way, and
// gRPC rounds it up by as much as one in a hundred.
constexpr absl::Duration kTransit = absl::Milliseconds(10);

bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

absl::string_view Metadata(const grpc::ServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find(key);
  return it == metadata.end() ? absl::string_view() : absl::string_view(it->second.data(), it->second.size());
}

// All entries of that name as one (RFC 9110 5.3), which is how W3C Trace Context wants several tracestates read.
std::string JoinedMetadata(const grpc::ServerContext& context, const char* key) {
  const auto [begin, end] = context.client_metadata().equal_range(key);
  return absl::StrJoin(begin, end, ",", [](std::string* out, const auto& entry) {
    out->append(entry.second.data(), entry.second.size());
  });
}

chat::Error CallerLeft() {
  chat::Error error;
  error.kind = chat::ErrorKind::kCancelled;
  error.message = "the caller cancelled the call or went away";
  return error;
}

}  // namespace

Call::Call(GrpcEngine* engine, CompletionPump* pump, Admission admission)
    : engine_(engine), pump_(pump), admission_(admission) {
  engine_->CallMade();
}

Call::~Call() {
  if (came_) {
    engine_->Forget(this);
    pump_->CallWent();
  }
  turn_.reset();
  engine_->CallGone();
}

void Call::Offer() {
  context_.AsyncNotifyWhenDone(&done_tag_);
  OperationStarted();
  RequestNext(&new_tag_);
}

void Call::OnNew(bool ok) {
  if (ok) {
    OperationStarted();  // the done tag comes from here on
    OfferSuccessor();
    if (const absl::Duration left = TimeLeft(); left < kEver) deadline_slack_ = kTransit + left / 100;
    came_ = true;
    pump_->CallCame();
    engine_->Remember(this);
    Arrive();
    if (admission_ == Admission::kLimited) {
      WaitForTurn();
    } else {
      Begin();
    }
  }
  OperationReturned();
}

void Call::WaitForTurn() {
  const exchange::EngineContext& host = engine_->context();
  turn_.emplace(engine_->services().open_calls, host.loop, [this] {
    turn_timer_.reset();
    Begin();
  });
  const absl::Duration wait = host.plan->limits.queue_wait;
  switch (turn_->Take()) {
    case loop::Permit::Outcome::kHeld:
      return Begin();
    case loop::Permit::Outcome::kRefused:
      return Refuse(exchange::TooManyCalls(/*line_full=*/true, wait));
    case loop::Permit::Outcome::kWaiting:
      turn_timer_.emplace(host.loop, [this, wait] { EndNow(exchange::TooManyCalls(/*line_full=*/false, wait)); });
      return turn_timer_->ArmAfter(wait);
  }
}

void Call::EndNow(const chat::Error& why) {
  StopWaiting();
  Refuse(why);
}

void Call::StopWaiting() {
  if (!turn_timer_) return;
  turn_timer_->Cancel();
  turn_->Release();
}

void Call::OnDone(bool) {
  if (context_.IsCancelled()) {
    StopWaiting();
    CallerGone(TimeLeft() <= deadline_slack_ ? exchange::DeadlinePassed() : CallerLeft());
  }
  OperationReturned();
}

void Call::OperationReturned() {
  if (--pending_ == 0) delete this;
}

std::string Call::TakeRequestId() {
  const absl::string_view given = Metadata(context_, "x-request-id");
  std::string id = !given.empty() && given.size() <= kMaxRequestId && IsPrintable(given)
                       ? std::string(given)
                       : engine_->ids().NewRequestId();
  context_.AddInitialMetadata("x-request-id", id);
  return id;
}

// By the deadline as gRPC keeps it: deadline() overflows where a client writes "none" as the longest time it knows.
absl::Duration Call::TimeLeft() const {
  const gpr_timespec deadline = context_.raw_deadline();
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  return absl::Seconds(left.tv_sec) + absl::Nanoseconds(left.tv_nsec);
}

void Call::ForbidRetry(const chat::Error& error) {
  if (error.attempts > 0 && error.kind != chat::ErrorKind::kDraining) {
    context_.AddTrailingMetadata("grpc-retry-pushback-ms", "-1");
  }
}

exchange::CallFacts Call::Facts() const {
  exchange::CallFacts facts;
  if (context_.client_metadata().count("traceparent") == 1) {  // W3C Trace Context: several are as good as none
    facts.traceparent = telemetry::ReadTraceparent(Metadata(context_, "traceparent"));
  }
  if (!facts.traceparent.empty()) {
    facts.tracestate = telemetry::ReadTracestate(JoinedMetadata(context_, "tracestate"));
  }
  facts.upstream_key = std::string(Metadata(context_, kUpstreamKey));
  if (const absl::Duration left = TimeLeft(); left < kEver) {
    facts.deadline = After(engine_->context().loop.clock().Now(), left);
  }
  return facts;
}

}  // namespace sluice::edge
