#ifndef SLUICE_SERVER_EXCHANGE_CALL_TRACE_H_
#define SLUICE_SERVER_EXCHANGE_CALL_TRACE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/chat/error.h"
#include "server/chat/event.h"
#include "server/chat/request.h"
#include "server/exchange/plan.h"
#include "server/telemetry/tracing.h"

namespace sluice::exchange {

// What a call tells a trace: a span for the call, and one below it for each attempt, with the attributes of
// OpenTelemetry's conventions for generative AI. Spans are made when attempt and call are over, out of what is known
// then. Of a call that is not sampled nothing is kept, whatever it is told.
class CallTrace {
 public:
  CallTrace(const Clock& clock, absl::string_view operation) : clock_(clock), operation_(operation) {}

  // Before all else. The caller's context as telemetry::ReadTraceparent and ReadTracestate give it; "" is none.
  void Begin(absl::string_view traceparent, absl::string_view tracestate, std::shared_ptr<telemetry::Tracing> tracing);
  // For the headers of that attempt; "" sends none.
  std::string Traceparent(int attempt) const { return telemetry::TraceparentOf(place_, attempt); }
  const std::string& state() const { return place_.state; }

  // What the upstream is asked for, its defaults with it.
  void Asked(const chat::Request& request, const Backend& backend);
  void Answered(absl::string_view completion_id, absl::string_view model);
  void Finished(absl::string_view reason);  // the provider's own word, once a choice
  void AttemptEnded(int attempt, MonoTime started, std::optional<MonoTime> first_output, const chat::Usage& usage,
                    const chat::Error* error);
  void CallEnded(MonoTime received, std::optional<MonoTime> first_output, int attempts, absl::string_view route,
                 absl::string_view upstream, const chat::Error* error);

 private:
  telemetry::Span NewSpan(MonoTime started, std::optional<MonoTime> first_output, const chat::Error* error) const;
  absl::Time WallAt(MonoTime when) const;

  const Clock& clock_;
  const absl::string_view operation_;
  // The two clocks at one moment: all times of the call are told by the one that never jumps.
  absl::Time wall_zero_;
  MonoTime mono_zero_{};
  std::shared_ptr<telemetry::Tracing> tracing_;
  telemetry::TracePlace place_;
  std::string model_;
  telemetry::Span::Attributes asked_;  // of every attempt
  std::string completion_id_, answered_model_;
  std::vector<std::string> finish_reasons_;
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_CALL_TRACE_H_
