#ifndef SLUICE_SERVER_TELEMETRY_TRACE_CONTEXT_H_
#define SLUICE_SERVER_TELEMETRY_TRACE_CONTEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice::telemetry {

// The W3C Trace Context recommendation, as far as a gateway that hands a caller's context on needs it. Pure functions.

// The caller's traceparent as it may be sent on, in version 00; "" when the caller's is to be ignored: version ff, a
// trace or parent id of zeros, upper case, a wrong length. Of a later version only what version 00 defines is kept: the
// ids and the sampled flag.
std::string ReadTraceparent(absl::string_view text);

// The parts of what ReadTraceparent has given, which is not "".
struct Traceparent {
  absl::string_view trace_id;   // 32 digits
  absl::string_view parent_id;  // 16
  absl::string_view flags;      // 2
};
Traceparent SplitTraceparent(absl::string_view traceparent);

// The bits that version 00 and level 2 define, of two digits of flags.
constexpr unsigned kSampled = 1, kRandom = 2;
unsigned KnownFlags(absl::string_view flags);

// The caller's tracestate as it is sent on: its members belong to others and are not read. "" where it holds anything
// but printable ASCII and blanks. Of more than 512 bytes whole members are left out: those above 128 bytes first, then
// from the end (3.3.1.5). Means nothing without a valid traceparent.
std::string ReadTracestate(absl::string_view text);

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_TRACE_CONTEXT_H_
