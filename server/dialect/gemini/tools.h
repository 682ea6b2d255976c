#ifndef SLUICE_SERVER_DIALECT_GEMINI_TOOLS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_TOOLS_H_

#include "server/chat/request.h"
#include "server/json/writer.h"

namespace sluice::dialect::gemini {

// Writes tools and toolConfig. Search on the web is a tool too. A choice that leaves it to the model among some of the
// tools is mode VALIDATED: AUTO takes no names.
void PutTools(json::Writer& json, const chat::Request& request);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_TOOLS_H_
