#ifndef SLUICE_SERVER_APP_DECODE_TOOL_H_
#define SLUICE_SERVER_APP_DECODE_TOOL_H_

#include <cstddef>
#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace sluice::app {

// The replay tool: reads a captured reply body and prints, one JSON object a line, what the gateway makes of it, by the
// very decoders it serves with. `what` is a dialect's name, or "sse" for the bare events. `split` is the size of the
// reads the input is cut into; 0 leaves them large. Not OK: no such dialect, or (after the output) the answer in the
// capture ended in an error.
absl::Status DecodeStream(const std::string& what, size_t split, std::istream& in, std::ostream& out);

}  // namespace sluice::app

#endif  // SLUICE_SERVER_APP_DECODE_TOOL_H_
