#include "server/dialect/gemini/usage.h"

#include <cstdint>
#include <limits>

namespace sluice::dialect::gemini {
namespace {

using Count = std::optional<int64_t>;

Count ReadCount(json::Value value) {
  const Count count = value.AsInt64();
  return count.has_value() && *count >= 0 ? count : std::nullopt;
}

// Of two counts; what would not fit is absent.
Count Sum(Count first, Count second) {
  if (!first || !second) return first ? first : second;
  if (*first > std::numeric_limits<int64_t>::max() - *second) return std::nullopt;
  return *first + *second;
}

}  // namespace

std::optional<chat::Usage> ReadUsage(json::Value usage) {
  Count prompt, tool_prompt, candidates;
  chat::Usage read;
  for (const auto& [key, value] : usage.members()) {
    if (key == "promptTokenCount") {
      prompt = ReadCount(value);
    } else if (key == "toolUsePromptTokenCount") {
      tool_prompt = ReadCount(value);
    } else if (key == "candidatesTokenCount") {
      candidates = ReadCount(value);
    } else if (key == "thoughtsTokenCount") {
      read.reasoning_tokens = ReadCount(value);
    } else if (key == "cachedContentTokenCount") {
      read.cached_tokens = ReadCount(value);
    } else if (key == "totalTokenCount") {
      read.total_tokens = ReadCount(value);
    }
  }
  read.prompt_tokens = Sum(prompt, tool_prompt);
  read.completion_tokens = Sum(candidates, read.reasoning_tokens);
  if (!read.prompt_tokens && !read.completion_tokens && !read.total_tokens && !read.cached_tokens) return std::nullopt;
  return read;
}

}  // namespace sluice::dialect::gemini
