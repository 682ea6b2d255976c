#ifndef SLUICE_SERVER_CHAT_VALIDATE_H_
#define SLUICE_SERVER_CHAT_VALIDATE_H_

#include <vector>

#include "server/chat/error.h"
#include "server/chat/request.h"

namespace sluice::chat {

// Every way in which the request breaks the contract, in field order, the first 1,000 of them; empty when it may go
// upstream.
// Ranges (OpenAI API reference 2.3.0): messages >= 1, each with content; temperature 0..2; top_p 0..1; penalties -2..2;
// max_tokens and max_completion_tokens 1..128000; n 1..128; stop <= 4, none empty; top_logprobs 0..20 and only with
// logprobs; safety_identifier <= 64 characters. Reals must be finite.
std::vector<FieldViolation> Validate(const Request& request);

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_VALIDATE_H_
