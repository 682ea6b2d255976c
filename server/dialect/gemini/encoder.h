#ifndef SLUICE_SERVER_DIALECT_GEMINI_ENCODER_H_
#define SLUICE_SERVER_DIALECT_GEMINI_ENCODER_H_

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::gemini {

// POST {base_url}/models/{model}:streamGenerateContent?alt=sse, of a request that has been through Fit. The model may
// stand with "models/" before it; a name with another folder ("tunedModels/x") is a path of its own under base_url.
HttpRequest EncodeChat(const chat::Request& request, const Target& target);

// GET {base_url}/models, all on one page.
HttpRequest EncodeListModels(const Target& target);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_ENCODER_H_
