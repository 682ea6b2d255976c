#include "server/dialect/anthropic/thinking.h"

#include <algorithm>

namespace sluice::dialect::anthropic {
namespace {

constexpr int32_t kDefaultAnswer = 4096;
constexpr int32_t kMostByDefault = 64000;

int32_t BudgetOf(const chat::Request& request) {
  using enum chat::ReasoningEffort;
  switch (request.reasoning_effort.value_or(kNone)) {
    case kNone:
    case kMinimal:
      return 0;
    case kLow:
      return 2048;
    case kMedium:
      return 8192;
    case kHigh:
      return 16384;
    case kXHigh:
      return 32768;
    case kMax:
      return 65536;
  }
  return 0;
}

}  // namespace

bool Thinks(const chat::Request& request) { return BudgetOf(request) > 0; }

int32_t MaxTokens(const chat::Request& request, const Target& target) {
  if (request.max_completion_tokens) return *request.max_completion_tokens;
  if (request.max_tokens) return *request.max_tokens;
  if (target.default_max_tokens) return *target.default_max_tokens;
  return std::min(kDefaultAnswer + BudgetOf(request), kMostByDefault);
}

std::optional<int32_t> ThinkingBudget(const chat::Request& request, const Target& target) {
  const int32_t budget = std::min(BudgetOf(request), MaxTokens(request, target) - 1);
  return budget >= kLeastBudget ? std::optional<int32_t>(budget) : std::nullopt;
}

}  // namespace sluice::dialect::anthropic
