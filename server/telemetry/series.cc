#include "server/telemetry/series.h"

#include <algorithm>

namespace sluice::telemetry {
namespace {

// The labels of one GenAI metric: the five that all share, then those of the metric itself.
prometheus::Labels GenAi(const MetricInfo& info, const SeriesLabels& labels) {
  // The response model is the bounded request model: what a provider answers there is its own free text.
  return MakeLabels(info, {kGenAiOperation, labels.provider, labels.model, labels.model, labels.server});
}

prometheus::Labels GenAi(const MetricInfo& info, const SeriesLabels& labels, const std::string& last) {
  return MakeLabels(info, {kGenAiOperation, labels.provider, labels.model, labels.model, labels.server, last});
}

prometheus::Labels PerRoute(const MetricInfo& info, const SeriesLabels& labels) {
  return MakeLabels(info, {labels.operation, labels.route, labels.upstream});
}

// One attempt's tokens of one type, if they are known.
std::optional<double> CountOf(const std::optional<int64_t>& tokens) {
  if (!tokens) return std::nullopt;
  return static_cast<double>(std::max<int64_t>(*tokens, 0));
}

}  // namespace

RegisteredSeries::RegisteredSeries(std::shared_ptr<Families> families, const SeriesLabels& labels)
    : families_(std::move(families)),
      calls_([f = families_.get(), labels](const std::string& code) -> prometheus::Counter& {
        return f->calls.Add(MakeLabels(kCalls, {labels.operation, labels.route, labels.upstream, code}));
      }),
      server_durations_([f = families_.get(), labels](const std::string& error) -> prometheus::Histogram& {
        return f->server_duration.Add(GenAi(kServerDuration, labels, error), kDurationBounds);
      }),
      attempts_([f = families_.get(), labels](const std::string& outcome) -> prometheus::Counter& {
        return f->attempts.Add(MakeLabels(kAttempts, {labels.upstream, outcome}));
      }),
      client_durations_([f = families_.get(), labels](const std::string& error) -> prometheus::Histogram& {
        return f->client_duration.Add(GenAi(kClientDuration, labels, error), kDurationBounds);
      }),
      timeouts_([f = families_.get(), labels](const std::string& timer) -> prometheus::Counter& {
        return f->timeouts.Add(MakeLabels(kTimeouts, {labels.upstream, timer}));
      }),
      retries_([f = families_.get(), labels](const std::string& cause) -> prometheus::Counter& {
        return f->retries.Add(MakeLabels(kRetries, {labels.upstream, cause}));
      }),
      limits_reached_([f = families_.get()](const std::string& limit) -> prometheus::Counter& {
        return f->limits_reached.Add(MakeLabels(kLimitsReached, {limit}));
      }),
      call_failures_([f = families_.get(), labels](const std::string& cause) -> prometheus::Counter& {
        return f->call_failures.Add(MakeLabels(kCallFailures, {labels.upstream, cause}));
      }),
      streams_cut_([f = families_.get(), labels](const std::string& cause) -> prometheus::Counter& {
        return f->streams_cut.Add(MakeLabels(kStreamsCut, {labels.upstream, cause}));
      }),
      retries_denied_(families_->retries_denied.Add(MakeLabels(kRetriesDenied, {labels.upstream}))),
      open_streams_(families_->open_streams.Add(PerRoute(kOpenStreams, labels))),
      time_to_first_token_(
          families_->time_to_first_token.Add(GenAi(kTimeToFirstToken, labels), kTimeToFirstTokenBounds)),
      time_per_output_token_(
          families_->time_per_output_token.Add(GenAi(kTimePerOutputToken, labels), kTimePerTokenBounds)),
      overhead_(families_->overhead.Add(MakeLabels(kOverhead, {labels.operation}), kOverheadBounds)),
      bytes_from_caller_(families_->caller_bytes.Add(MakeLabels(kCallerBytes, {kIn}))),
      bytes_to_caller_(families_->caller_bytes.Add(MakeLabels(kCallerBytes, {kOut}))),
      input_usage_(families_->token_usage.Add(GenAi(kTokenUsage, labels, kInput), kTokenBounds)),
      output_usage_(families_->token_usage.Add(GenAi(kTokenUsage, labels, kOutput), kTokenBounds)),
      input_tokens_(families_->tokens.Add(MakeLabels(kTokens, {labels.upstream, labels.model, kInput}))),
      output_tokens_(families_->tokens.Add(MakeLabels(kTokens, {labels.upstream, labels.model, kOutput}))),
      input_tokens_estimated_(
          families_->tokens_estimated.Add(MakeLabels(kTokensEstimated, {labels.upstream, labels.model, kInput}))),
      output_tokens_estimated_(
          families_->tokens_estimated.Add(MakeLabels(kTokensEstimated, {labels.upstream, labels.model, kOutput}))),
      bytes_from_upstream_(families_->upstream_bytes.Add(MakeLabels(kUpstreamBytes, {labels.upstream, kIn}))),
      bytes_to_upstream_(families_->upstream_bytes.Add(MakeLabels(kUpstreamBytes, {labels.upstream, kOut}))),
      deltas_(families_->deltas.Add(PerRoute(kDeltas, labels))),
      delta_gap_(
          families_->delta_gap.Add(MakeLabels(kDeltaGap, {labels.upstream}),
                                   std::vector<double>(DeltaMeter::kGapBounds.begin(), DeltaMeter::kGapBounds.end()))),
      pauses_(families_->pauses.Add(MakeLabels(kPauses, {labels.upstream}))) {
  // Made now, so that the first good call finds its series and a rate over it sees the step from 0.
  for (const char* code : kUsualCodes) calls_.Get(code);
  server_durations_.Get("");
  attempts_.Get(kOk);
  client_durations_.Get("");
  for (const char* outcome : kUsualOutcomes) attempts_.Get(outcome);
  for (const char* timer : kTimers) timeouts_.Get(timer);
  for (const char* cause : kUsualFailures) call_failures_.Get(cause);
  for (const char* cause : kUsualCuts) streams_cut_.Get(cause);
}

void RegisteredSeries::CallStarted() { open_streams_.Increment(); }

void RegisteredSeries::CallEnded(const CallRecord& record) {
  open_streams_.Decrement();
  calls_.Get(record.code).Increment();
  server_durations_.Get(record.error_type).Observe(record.duration_s);
  if (!record.timer.empty()) timeouts_.Get(record.timer).Increment();
  if (record.failed) call_failures_.Get(record.error_type).Increment();
  if (record.cut) streams_cut_.Get(record.error_type).Increment();
  if (!record.limit.empty()) limits_reached_.Get(record.limit).Increment();
  if (record.time_to_first_output_s) time_to_first_token_.Observe(*record.time_to_first_output_s);
  if (record.time_per_output_token_s) time_per_output_token_.Observe(*record.time_per_output_token_s);
  if (record.overhead_s) overhead_.Observe(*record.overhead_s);
  bytes_from_caller_.Increment(static_cast<double>(record.bytes_from_caller));
  bytes_to_caller_.Increment(static_cast<double>(record.bytes_to_caller));
}

void RegisteredSeries::AttemptEnded(const AttemptRecord& record) {
  attempts_.Get(record.error_type.empty() ? absl::string_view(kOk) : record.error_type).Increment();
  client_durations_.Get(record.error_type).Observe(record.duration_s);
  if (!record.timer.empty()) timeouts_.Get(record.timer).Increment();
  AddTokens(record);
  bytes_to_upstream_.Increment(static_cast<double>(record.bytes_to_upstream));
  bytes_from_upstream_.Increment(static_cast<double>(record.bytes_from_upstream));
}

void RegisteredSeries::AddTokens(const AttemptRecord& record) {
  const std::optional<double> input = CountOf(record.prompt_tokens), output = CountOf(record.completion_tokens);
  // A guess stands apart from the counts that bills are made of.
  if (input) (record.tokens_estimated ? input_tokens_estimated_ : input_tokens_).Increment(*input);
  if (output) (record.tokens_estimated ? output_tokens_estimated_ : output_tokens_).Increment(*output);
  if (record.tokens_estimated) return;
  if (input) input_usage_.Observe(*input);
  if (output) output_usage_.Observe(*output);
}

void RegisteredSeries::Retried(absl::string_view cause) { retries_.Get(cause).Increment(); }

void RegisteredSeries::RetryDenied() { retries_denied_.Increment(); }

void RegisteredSeries::Flush(DeltaMeter& meter) {
  const DeltaMeter::Pending pending = meter.Take();
  if (pending.deltas == 0) return;
  deltas_.Increment(static_cast<double>(pending.deltas));
  // A first delta alone has no gap. The scratch vector is the thread's: flushes come often enough to spare the heap.
  if (pending.gap_sum == Nanos(0) && pending.gaps == DeltaMeter::GapCounts{}) return;
  static thread_local std::vector<double> increments;
  increments.assign(pending.gaps.begin(), pending.gaps.end());
  delta_gap_.ObserveMultiple(increments, Seconds(pending.gap_sum));
}

void RegisteredSeries::Paused() { pauses_.Increment(); }

}  // namespace sluice::telemetry
