#ifndef SLUICE_SERVER_DIALECT_GEMINI_USAGE_H_
#define SLUICE_SERVER_DIALECT_GEMINI_USAGE_H_

#include <optional>

#include "server/chat/event.h"
#include "server/json/tape.h"

namespace sluice::dialect::gemini {

// Reads one usageMetadata; nothing if it holds no valid count (Vertex AI begins with the kind of traffic alone). A
// count that is negative, fractional, no number or beyond int64 is absent. Counts are cumulative, so the last object of
// an answer that gives something is its usage. Gemini counts thinking beside the answer's tokens and a tool's prompt
// beside the prompt; here they are inside.
std::optional<chat::Usage> ReadUsage(json::Value usage);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_USAGE_H_
