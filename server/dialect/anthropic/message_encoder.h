#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_MESSAGE_ENCODER_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_MESSAGE_ENCODER_H_

#include <vector>

#include "server/chat/message.h"
#include "server/dialect/anthropic/cache.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {

// Whether the message is of a role that instructs the model. Those that the conversation begins with go to `system`.
bool IsInstruction(const chat::Message& message);

// The members system and messages. Neighbours of one role become one message, results of tools first, which Anthropic
// wants directly after their calls. Empty texts, which it refuses, are left out: they say nothing.
void PutMessages(json::Writer& json, const std::vector<chat::Message>& messages, const CacheControl& cache);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_MESSAGE_ENCODER_H_
