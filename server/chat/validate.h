#ifndef SLUICE_SERVER_CHAT_VALIDATE_H_
#define SLUICE_SERVER_CHAT_VALIDATE_H_

#include <vector>

#include "server/chat/error.h"
#include "server/chat/request.h"

namespace sluice::chat {

// Every way in which the request breaks the contract, in field order, the first 1,000 of them; empty when it may go
// upstream.
// Ranges (OpenAI API reference 2.3.0): messages >= 1, each with the parts that its role takes; temperature 0..2; top_p
// 0..1; penalties -2..2; max_tokens and max_completion_tokens 1..128000; n 1..128; stop <= 4, none empty; top_logprobs
// 0..20 and only with logprobs; logit_bias -100..100; metadata <= 16 pairs, keys <= 64 and values <= 512 characters;
// safety_identifier <= 64 characters; names of tools and schemas 1..64 of A-Z a-z 0-9 _ -. Reals must be finite.
// Whether JSON texts are JSON is not looked at here.
std::vector<FieldViolation> Validate(const Request& request);

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_VALIDATE_H_
