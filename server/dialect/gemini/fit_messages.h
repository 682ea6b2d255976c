#ifndef SLUICE_SERVER_DIALECT_GEMINI_FIT_MESSAGES_H_
#define SLUICE_SERVER_DIALECT_GEMINI_FIT_MESSAGES_H_

#include <vector>

#include "server/chat/message.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::gemini {

// Fit, of the messages. Instructions are taken at the beginning only; where the configuration lets a later one pass, it
// becomes a user's message in its place, so that its words are not lost.
void FitMessages(std::vector<chat::Message>* messages, std::vector<Misfit>* misfits);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_FIT_MESSAGES_H_
