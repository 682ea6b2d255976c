#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_FIT_MESSAGES_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_FIT_MESSAGES_H_

#include <vector>

#include "server/chat/message.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::anthropic {

// Takes out of the messages what the Messages API cannot express; their number and the calls' stay. See Codec::Fit.
void FitMessages(std::vector<chat::Message>* messages, std::vector<Misfit>* misfits);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_FIT_MESSAGES_H_
