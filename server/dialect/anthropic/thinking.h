#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_THINKING_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_THINKING_H_

#include <cstdint>
#include <optional>

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::anthropic {

inline constexpr int32_t kLeastBudget = 1024;  // what the API takes at least

// Whether the request asks for thinking; kNone asks for none.
bool Thinks(const chat::Request& request);

// The request's max_tokens, which Anthropic will not do without: max_completion_tokens, else max_tokens, else the
// target's default, else 4096 for the answer and the effort's budget for thinking, but no more than 64000, which is
// what models of the Claude 4 family take.
int32_t MaxTokens(const chat::Request& request, const Target& target);

// How many tokens a model that counts them may think. Low 2048, medium 8192, high 16384, xhigh 32768, max 65536; less
// where max_tokens, which includes them, leaves no room. Nothing if less than kLeastBudget is left, or no thinking is
// asked for.
std::optional<int32_t> ThinkingBudget(const chat::Request& request, const Target& target);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_THINKING_H_
