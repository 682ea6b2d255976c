#ifndef SLUICE_SERVER_DIALECT_GEMINI_THINKING_H_
#define SLUICE_SERVER_DIALECT_GEMINI_THINKING_H_

#include <optional>

#include "server/chat/request.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::gemini {

// How much a model is told to think: by level (Gemini 3), or by a number of tokens (Gemini 2.5).
struct Thinking {
  const char* level = nullptr;  // thinkingLevel; nullptr: `budget` counts
  int budget = 0;               // thinkingBudget
  bool any() const { return level != nullptr || budget > 0; }
};

// Nothing for the efforts that Gemini has no word for. kNone is a budget of nothing in either style.
std::optional<Thinking> ThinkingOf(chat::ReasoningEffort effort, ReasoningStyle style);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_THINKING_H_
