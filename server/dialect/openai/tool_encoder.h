#ifndef SLUICE_SERVER_DIALECT_OPENAI_TOOL_ENCODER_H_
#define SLUICE_SERVER_DIALECT_OPENAI_TOOL_ENCODER_H_

#include "server/chat/request.h"
#include "server/json/writer.h"

namespace sluice::dialect::openai {

// tools, tool_choice, parallel_tool_calls and response_format, where the request has them.
void PutTools(json::Writer& json, const chat::Request& request);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_TOOL_ENCODER_H_
