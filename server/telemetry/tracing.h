#ifndef SLUICE_SERVER_TELEMETRY_TRACING_H_
#define SLUICE_SERVER_TELEMETRY_TRACING_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/id.h"
#include "server/telemetry/span_queue.h"

namespace sluice::telemetry {

// Where spans go, and of which calls. One for the whole process; thread safe.
struct Tracing {
  SpanQueue& spans;
  IdSource& ids;
  double share = 0.1;  // of the calls that come without a trace of their own, 0 to 1
};

// One call's place in a trace.
struct TracePlace {
  std::string trace_id;   // 32 hexadecimal digits; "" is no trace
  std::string parent_id;  // the caller's span; "" where the trace begins here
  std::string span_id;    // the call's own; "" where the caller's is handed on
  std::string flags;      // two digits, the lowest bit of which says sampled
  std::string state;      // tracestate; its members belong to others
  bool recorded = false;  // its spans are to be made
};

// From what ReadTraceparent has accepted ("" is none). The caller decides whether its trace is sampled; of the others a
// share is, by the id, so that services that share an id agree. Without `tracing`, what the caller sent is handed on.
TracePlace PlaceCall(absl::string_view traceparent, absl::string_view tracestate, const Tracing* tracing);

// The id of a call's n-th attempt, from 1: the call's own plus n, which is as unlikely to be another's.
std::string AttemptSpanId(const TracePlace& place, int attempt);

// What is sent upstream with that attempt; "" is nothing.
std::string TraceparentOf(const TracePlace& place, int attempt);

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_TRACING_H_
