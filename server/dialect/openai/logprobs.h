#ifndef SLUICE_SERVER_DIALECT_OPENAI_LOGPROBS_H_
#define SLUICE_SERVER_DIALECT_OPENAI_LOGPROBS_H_

#include <vector>

#include "server/chat/event.h"
#include "server/json/tape.h"

namespace sluice::dialect::openai {

// Reads `logprobs.content` or `logprobs.refusal`, replacing what `out` holds. Anything but an array reads as none.
void ReadLogprobs(json::Value entries, std::vector<chat::TokenLogprob>& out);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_LOGPROBS_H_
