#ifndef SLUICE_SERVER_DIALECT_GEMINI_LOGPROBS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_LOGPROBS_H_

#include <vector>

#include "server/chat/event.h"
#include "server/json/tape.h"

namespace sluice::dialect::gemini {

// Reads a candidate's logprobsResult, replacing what `out` holds: chosenCandidates, with the topCandidates of the same
// place.
void ReadLogprobs(json::Value result, std::vector<chat::TokenLogprob>& out);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_LOGPROBS_H_
