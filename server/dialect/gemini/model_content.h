#ifndef SLUICE_SERVER_DIALECT_GEMINI_MODEL_CONTENT_H_
#define SLUICE_SERVER_DIALECT_GEMINI_MODEL_CONTENT_H_

#include "server/chat/message.h"
#include "server/json/writer.h"

namespace sluice::dialect::gemini {

// Writes the parts of an assistant's message: its text, then its calls, with what its opaque parts say put back on the
// parts, and into the places, where it was (see opaque_parts.h). What the caller changed since is moved to the nearest
// place there is. The calls of another provider's answer are excused from signatures, as Gemini 3 demands.
void PutModelParts(json::Writer& json, const chat::Message& message);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_MODEL_CONTENT_H_
