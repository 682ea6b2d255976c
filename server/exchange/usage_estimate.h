#ifndef SLUICE_SERVER_EXCHANGE_USAGE_ESTIMATE_H_
#define SLUICE_SERVER_EXCHANGE_USAGE_ESTIMATE_H_

#include <cstddef>
#include <cstdint>

#include "server/chat/event.h"
#include "server/chat/request.h"

namespace sluice::exchange {

// Our own count of an answer that ended before the provider's count came. The rule stands in the contract, at
// Usage.estimated: a token for every four bytes of UTF-8, begun ones included, and three for each message's framing.
// Tokenizers of today make 3 to 5 bytes of most languages a token, so it is right within a third or so, for the price
// of one addition a delta.
int64_t EstimatePromptTokens(const chat::Request& request);
size_t OutputBytes(const chat::Delta& delta);  // what of a delta counts: text and tool calls, not audio
chat::Usage EstimateUsage(int64_t prompt_tokens, size_t output_bytes);

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_USAGE_ESTIMATE_H_
