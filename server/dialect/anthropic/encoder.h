#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_ENCODER_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_ENCODER_H_

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::anthropic {

// POST {base_url}/messages with anthropic-version 2023-06-01, unless the target's headers have another one. `request`
// has been through Fit. A field the caller left out is left out here too, but for the target's defaults and max_tokens:
// see thinking.h.
HttpRequest EncodeChat(const chat::Request& request, const Target& target);
Generation GenerationOf(const chat::Request& request, const Target& target);

// GET {base_url}/models, as many as one page holds.
HttpRequest EncodeListModels(const Target& target);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_ENCODER_H_
