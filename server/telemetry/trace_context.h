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

// Whether a tracestate may be sent on as it is: printable ASCII and blanks, 1 to 512 bytes. Its members belong to
// others and are not read. Means nothing without a valid traceparent.
bool IsTracestate(absl::string_view text);

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_TRACE_CONTEXT_H_
