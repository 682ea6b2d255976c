#ifndef SLUICE_SERVER_DIALECT_OPENAI_MESSAGE_ENCODER_H_
#define SLUICE_SERVER_DIALECT_OPENAI_MESSAGE_ENCODER_H_

#include "server/chat/message.h"
#include "server/json/writer.h"

namespace sluice::dialect::openai {

// One element of `messages`. Opaque parts are this dialect's own (Fit took out the others); see opaque_parts.h.
void PutMessage(json::Writer& json, const chat::Message& message);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_MESSAGE_ENCODER_H_
