#ifndef SLUICE_SERVER_DIALECT_OPENAI_ENCODER_H_
#define SLUICE_SERVER_DIALECT_OPENAI_ENCODER_H_

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::openai {

// POST {base_url}/chat/completions. Always asks for a stream that ends with usage. A field the caller left out is left
// out here too, but for the target's defaults: a caller's zero stays zero.
HttpRequest EncodeChat(const chat::Request& request, const Target& target);

// GET {base_url}/models.
HttpRequest EncodeListModels(const Target& target);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_ENCODER_H_
