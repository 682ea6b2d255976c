#include "tests/soak/call_plan.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace sluice::soak {
namespace {

constexpr int kEveryAttempt = 1000;

constexpr std::array<const char*, 13> kFaultNames = {
    "none",           "rate_limit",     "server_error",      "overloaded",       "not_sse",   "cut_before_head",
    "cut_after_head", "cut_mid_stream", "stall_before_head", "stall_mid_stream", "malformed", "close_after",
    "go_stale"};
constexpr std::array<const char*, 6> kMannerNames = {"reads all",      "cancels",      "drops",
                                                     "has a deadline", "reads slowly", "stops reading"};
constexpr std::array<const char*, 3> kOperationNames = {"chat", "complete", "list_models"};

void DrawAnswer(Random& random, CallPlan* plan) {
  const int64_t kind = Between(random, 0, 99);
  if (kind < 62) {  // short
    plan->deltas = static_cast<int>(Between(random, 1, 20));
    plan->delta_bytes = static_cast<int>(Between(random, 0, 60));
    plan->thinking = Milliseconds(Between(random, 0, 30));
  } else if (kind < 94) {  // long and paced
    plan->deltas = static_cast<int>(Between(random, 20, 100));
    plan->delta_bytes = static_cast<int>(Between(random, 0, 200));
    plan->thinking = Milliseconds(Between(random, 0, 300));
    plan->interval = Milliseconds(Between(random, 30, 150));
  } else {  // much at once
    plan->deltas = static_cast<int>(Between(random, 8, 64));
    plan->delta_bytes = static_cast<int>(Between(random, 1, 16)) * 1024;
  }
}

void DrawFault(Random& random, CallPlan* plan) {
  plan->fault = static_cast<Fault>(Between(random, 1, 12));
  if (plan->fault != Fault::kCloseAfter && plan->fault != Fault::kGoStale) {
    plan->failing = Between(random, 0, 1) == 0 ? 1 : kEveryAttempt;
  }
  plan->fault_at = static_cast<int>(Between(random, 0, plan->deltas - 1));
  plan->reset = Between(random, 0, 1) == 0;
}

void DrawManner(Random& random, CallPlan* plan) {
  const int64_t kind = Between(random, 0, 999);
  const auto expected = plan->thinking + plan->interval * plan->deltas + Milliseconds(20);
  if (kind < 100) {
    plan->manner = kind < 50 ? Manner::kCancel : Manner::kDrop;
    plan->patience = Milliseconds(kind < 10 ? 0 : Between(random, 0, expected.count()));
    plan->reads = static_cast<int>(Between(random, 0, plan->deltas));
  } else if (kind < 150) {
    plan->manner = Manner::kDeadline;
    plan->patience = Milliseconds(Between(random, 1, expected.count()));
  } else if (kind < 170) {
    plan->manner = Manner::kReadSlowly;
    plan->deltas = 128;
    plan->delta_bytes = 16 << 10;
    plan->interval = Milliseconds(0);
    plan->patience = Milliseconds(Between(random, 5, 100));
    plan->reads = 8;
  } else if (kind < 173) {
    // Far more than what the connection and the gateway may hold, for far longer than the gateway waits.
    plan->manner = Manner::kStopReading;
    plan->deltas = 512;
    plan->delta_bytes = 64 << 10;
    plan->interval = Milliseconds(0);
    plan->patience = Milliseconds(5000);
    plan->reads = static_cast<int>(Between(random, 0, 40));
  }
}

bool Is(const CallStatus& status, grpc::StatusCode code, const char* reason) {
  return status.code == code && status.reason == reason;
}

bool FitsFault(const CallPlan& plan, const CallStatus& status) {
  using grpc::StatusCode;
  switch (plan.fault) {
    case Fault::kRateLimit:
      return Is(status, StatusCode::RESOURCE_EXHAUSTED, "RATE_LIMITED");
    case Fault::kServerError:
      return Is(status, StatusCode::INTERNAL, "UPSTREAM_ERROR");
    case Fault::kOverloaded:
      return Is(status, StatusCode::UNAVAILABLE, "UPSTREAM_OVERLOADED");
    case Fault::kNotSse:
      return Is(status, StatusCode::INTERNAL, "UPSTREAM_NOT_SSE");
    case Fault::kCutBeforeHead:  // whether a byte came decides between the two
      return Is(status, StatusCode::UNAVAILABLE, "UPSTREAM_TRUNCATED") ||
             Is(status, StatusCode::UNAVAILABLE, "UPSTREAM_UNREACHABLE");
    case Fault::kCutAfterHead:
    case Fault::kCutMidStream:
      // A reset overtakes what was sent before it: the head may never have arrived.
      return Is(status, StatusCode::UNAVAILABLE, "UPSTREAM_TRUNCATED") ||
             (plan.reset && Is(status, StatusCode::UNAVAILABLE, "UPSTREAM_UNREACHABLE"));
    case Fault::kStallBeforeHead:
    case Fault::kStallMidStream:
      return Is(status, StatusCode::UNAVAILABLE, "UPSTREAM_TIMEOUT");
    case Fault::kMalformed:
      return Is(status, StatusCode::INTERNAL, "UPSTREAM_PROTOCOL");
    case Fault::kNone:
    case Fault::kCloseAfter:
    case Fault::kGoStale:
      return false;
  }
  return false;
}

}  // namespace

CallPlan DrawPlan(Random& random) {
  CallPlan plan;
  plan.tls = Between(random, 0, 2) == 0;
  const int64_t operation = Between(random, 0, 99);
  if (operation < 3) {
    plan.operation = Operation::kListModels;
    if (Between(random, 0, 19) == 0) {
      plan.manner = Manner::kDeadline;
      plan.patience = Milliseconds(Between(random, 1, 5));
    }
    return plan;
  }
  if (Between(random, 0, 99) == 0) plan.prompt_bytes = 200 << 10;
  DrawAnswer(random, &plan);
  DrawManner(random, &plan);
  if (Between(random, 0, 19) == 0) DrawFault(random, &plan);
  if (operation < 18) {  // A caller of Complete sees the end only; the one thing that it can set is a deadline.
    plan.operation = Operation::kComplete;
    if (plan.manner != Manner::kDeadline) plan.manner = Manner::kReadAll;
    plan.deltas = std::min(plan.deltas, 100);
    plan.delta_bytes = std::min(plan.delta_bytes, 16 << 10);  // a gathered answer has to fit into one message
  }
  plan.fault_at = std::min(plan.fault_at, plan.deltas - 1);
  return plan;
}

std::string DeltaText(int64_t call, int attempt, int number, int bytes) {
  std::string text = absl::StrCat("[", call, ".", attempt, ".", number, "]");
  const auto size = static_cast<size_t>(bytes);
  if (text.size() < size) text.append(size - text.size(), static_cast<char>('a' + (call + number) % 26));
  return text;
}

bool Fits(const CallPlan& plan, const CallStatus& status, int attempt) {
  if (status.ok()) return plan.operation == Operation::kListModels || attempt > plan.failing;
  if (plan.failing > 0 && FitsFault(plan, status)) return true;
  switch (plan.manner) {
    case Manner::kCancel:
    case Manner::kDrop:
      return status.code == grpc::StatusCode::CANCELLED;
    case Manner::kDeadline:
      return status.code == grpc::StatusCode::DEADLINE_EXCEEDED;
    case Manner::kStopReading:
      return status.code == grpc::StatusCode::CANCELLED ||
             Is(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "CALLER_STALLED");
    case Manner::kReadAll:
    case Manner::kReadSlowly:
      return false;
  }
  return false;
}

std::string Describe(const CallPlan& plan) {
  std::string text =
      absl::StrCat(kOperationNames[static_cast<size_t>(plan.operation)], plan.tls ? " tls, " : " plain, ", plan.deltas,
                   " deltas of ", plan.delta_bytes, " bytes every ", plan.interval.count(), " ms after ",
                   plan.thinking.count(), " ms, caller ", kMannerNames[static_cast<size_t>(plan.manner)], " (",
                   plan.patience.count(), " ms, ", plan.reads, " reads)");
  if (plan.fault != Fault::kNone) {
    absl::StrAppend(&text, ", fault ", kFaultNames[static_cast<size_t>(plan.fault)], " at ", plan.fault_at,
                    plan.reset ? " by reset" : "", " in ", plan.failing, " attempts");
  }
  return text;
}

}  // namespace sluice::soak
