#include "server/dialect/gemini/thinking.h"

namespace sluice::dialect::gemini {

std::optional<Thinking> ThinkingOf(chat::ReasoningEffort effort, ReasoningStyle style) {
  using enum chat::ReasoningEffort;
  // Budgets as Google's OpenAI-compatible endpoint has them; 24576 is the most that Gemini 2.5 Flash takes.
  const auto either = [&](const char* level, int budget) {
    return style == ReasoningStyle::kBudget ? Thinking{nullptr, budget} : Thinking{level, 0};
  };
  switch (effort) {
    case kNone:
      return Thinking{nullptr, 0};
    case kMinimal:
      return either("MINIMAL", 512);
    case kLow:
      return either("LOW", 1024);
    case kMedium:
      return either("MEDIUM", 8192);
    case kHigh:
      return either("HIGH", 24576);
    case kXHigh:
    case kMax:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sluice::dialect::gemini
