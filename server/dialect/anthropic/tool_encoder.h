#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_TOOL_ENCODER_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_TOOL_ENCODER_H_

#include "server/chat/request.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {

// The members tools and tool_choice. Of tools that the choice does not allow the model is not told: Anthropic has no
// other way to keep it from them.
void PutTools(json::Writer& json, const chat::Request& request);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_TOOL_ENCODER_H_
