#include "server/exchange/ledger.h"

#include <cmath>
#include <utility>

#include "server/chat/status.h"
#include "server/telemetry/log.h"

namespace sluice::exchange {
namespace {

// A long stream shows up in the metrics while it runs, not only when it ends.
constexpr Nanos kFlushEvery = std::chrono::seconds(5);
// A model's name is the caller's text: long enough for any real one, short enough for a log line.
constexpr size_t kMaxLoggedModel = 128;

// A timer of an attempt counts when the attempt ends, one of the whole call when that ends: each once.
bool IsCallTimer(absl::string_view stage) { return stage == "total" || stage == "caller_stall"; }

absl::string_view FiredTimer(const chat::Error* error, bool of_call) {
  if (error == nullptr) return "";
  const bool timer = error->kind == chat::ErrorKind::kTimeout || error->kind == chat::ErrorKind::kPoolTimeout ||
                     error->kind == chat::ErrorKind::kCallerStalled;
  return timer && IsCallTimer(error->stage) == of_call ? absl::string_view(error->stage) : "";
}

// Who reads no more breaks the stream off; a filter that does leaves its caller with half an answer.
bool IsBrokenOffByCaller(const chat::Error& error) {
  return error.of_callers_key || error.kind == chat::ErrorKind::kCancelled ||
         error.kind == chat::ErrorKind::kDeadline || error.kind == chat::ErrorKind::kCallerStalled;
}

double Millis(double seconds) { return seconds * 1000; }

// Log shows what is not a number as null.
telemetry::LogValue OrNull(const std::optional<int64_t>& count) {
  return count ? telemetry::LogValue(*count) : telemetry::LogValue(std::nan(""));
}

}  // namespace

Ledger::Ledger(const Clock& clock, Operation operation, std::string request_id, std::string peer,
               std::shared_ptr<const Plan> plan)
    : clock_(clock),
      operation_(operation),
      request_id_(std::move(request_id)),
      peer_(std::move(peer)),
      plan_(std::move(plan)),
      series_(plan_->unrouted.of(operation)),
      received_(clock.Now()),
      flushed_(received_),
      trace_(clock_, OperationName(operation_)) {}

Ledger::~Ledger() {
  chat::Error left;
  left.kind = chat::ErrorKind::kCancelled;
  Close(&left);
}

void Ledger::Routed(const route::Match& match, absl::string_view asked_model) {
  const size_t rule = static_cast<size_t>(match.rule - plan_->router.rules().data());
  series_ = plan_->route_series[rule].of(operation_);
  series_->CallStarted();
  counted_open_ = true;
  route_ = match.rule->pattern;
  upstream_ = plan_->backends[match.rule->upstream]->name;
  model_ = std::string(asked_model.substr(0, kMaxLoggedModel));
}

void Ledger::AttemptStarted() {
  attempt_started_ = clock_.Now();
  if (++attempt_ == 1) first_attempt_ = attempt_started_;
  usage_ = chat::Usage();
}

void Ledger::AttemptEnded(const chat::Error* error, uint64_t bytes_out, uint64_t bytes_in) {
  telemetry::AttemptRecord record;
  if (error != nullptr) record.error_type = chat::CauseName(*error);
  record.timer = FiredTimer(error, /*of_call=*/false);
  record.duration_s = Seconds(clock_.Now() - attempt_started_);
  record.prompt_tokens = usage_.prompt_tokens;
  record.completion_tokens = usage_.completion_tokens;
  record.tokens_estimated = usage_.estimated;
  record.bytes_to_upstream = bytes_out;
  record.bytes_from_upstream = bytes_in;
  series_->AttemptEnded(record);
  trace_.AttemptEnded(attempt_, attempt_started_, FirstOutput(), usage_, error);
}

std::optional<MonoTime> Ledger::FirstOutput() const {
  return meter_.total() > 0 ? std::optional(first_output_) : std::nullopt;
}

void Ledger::Retried(const chat::Error& error) {
  series_->Retried(chat::CauseName(error));
  meter_ = telemetry::DeltaMeter();
}

void Ledger::RetryDenied() { series_->RetryDenied(); }

void Ledger::Delta() {
  const MonoTime now = clock_.Now();
  if (meter_.total() == 0) first_output_ = flushed_ = now;
  meter_.Count(now);
  if (now - flushed_ >= kFlushEvery) {
    series_->Flush(meter_);
    flushed_ = now;
  }
}

void Ledger::FirstOutputLeft() { first_output_left_ = clock_.Now(); }

void Ledger::UpstreamPaused() { series_->Paused(); }

telemetry::CallRecord Ledger::MakeRecord(const chat::Error* error, MonoTime now) const {
  telemetry::CallRecord record;
  record.code = chat::CodeName(error == nullptr ? absl::StatusCode::kOk : chat::CanonicalCode(error->kind));
  if (error != nullptr) record.error_type = chat::CauseName(*error);
  if (error != nullptr) record.limit = error->limit;
  record.failed = error != nullptr && !chat::IsCallersFault(*error);
  record.timer = FiredTimer(error, /*of_call=*/true);
  // Complete hands out nothing before the end.
  record.cut = operation_ == Operation::kChat && error != nullptr && meter_.total() > 0 && !IsBrokenOffByCaller(*error);
  record.duration_s = Seconds(now - received_);
  record.bytes_from_caller = bytes_from_caller_;
  record.bytes_to_caller = bytes_to_caller_;
  if (attempt_ > 0) {
    Nanos own = first_attempt_ - received_;
    if (first_output_left_ != MonoTime{}) own += first_output_left_ - first_output_;
    record.overhead_s = Seconds(own);
  }
  if (meter_.total() > 0) {
    record.time_to_first_output_s = Seconds(first_output_ - received_);
    const int64_t tokens = usage_.completion_tokens.value_or(0);
    if (tokens > 1) record.time_per_output_token_s = Seconds(now - first_output_) / static_cast<double>(tokens - 1);
  }
  return record;
}

void Ledger::Close(const chat::Error* error) {
  if (std::exchange(closed_, true)) return;
  const telemetry::CallRecord record = MakeRecord(error, clock_.Now());
  series_->Flush(meter_);
  if (!counted_open_) series_->CallStarted();  // CallEnded takes one away
  series_->CallEnded(record);
  trace_.CallEnded(received_, FirstOutput(), attempt_, route_, upstream_, error);
  WriteAccessLine(error, record);
}

void Ledger::WriteAccessLine(const chat::Error* error, const telemetry::CallRecord& record) const {
  telemetry::Log(telemetry::Level::kInfo, "call",
                 {{"request_id", request_id_},
                  {"operation", OperationName(operation_)},
                  {"peer", peer_},
                  {"route", route_},
                  {"upstream", upstream_},
                  {"model", model_},
                  {"code", record.code},
                  {"reason", error == nullptr ? "" : chat::Reason(error->kind)},
                  {"stage", error == nullptr ? absl::string_view() : absl::string_view(error->stage)},
                  {"http_status", error == nullptr ? 0 : error->http_status},
                  {"attempts", attempt_},
                  {"provider_request_id", provider_request_id_},
                  {"deltas", meter_.total()},
                  {"prompt_tokens", OrNull(usage_.prompt_tokens)},
                  {"completion_tokens", OrNull(usage_.completion_tokens)},
                  {"usage_estimated", usage_.estimated},
                  {"bytes_to_caller", bytes_to_caller_},
                  {"ttft_ms", Millis(record.time_to_first_output_s.value_or(std::nan("")))},
                  {"duration_ms", Millis(record.duration_s)}});
}

}  // namespace sluice::exchange
