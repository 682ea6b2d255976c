#ifndef SLUICE_SERVER_TELEMETRY_SPAN_H_
#define SLUICE_SERVER_TELEMETRY_SPAN_H_

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

namespace sluice::telemetry {

// One timed piece of work in a trace, as OpenTelemetry has it; made when the work is over. Never holds a prompt, an
// answer or a key.
struct Span {
  using Value = std::variant<std::string, int64_t, double, std::vector<std::string>>;
  using Attributes = std::vector<std::pair<const char*, Value>>;
  enum class Kind { kServer, kClient };

  std::string trace_id;   // 32 hexadecimal digits
  std::string span_id;    // 16
  std::string parent_id;  // 16; "" where the trace begins with it
  std::string state;      // tracestate, of others
  std::string name;
  Kind kind = Kind::kServer;
  absl::Time start, end;
  Attributes attributes;
  absl::Time first_output = absl::InfinitePast();  // an event of the span; infinite past is none
  bool failed = false;
  std::string message;  // why it failed, for people
};

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_SPAN_H_
