#include "server/dialect/anthropic/usage.h"

#include <initializer_list>
#include <limits>

namespace sluice::dialect::anthropic {
namespace {

using Count = std::optional<int64_t>;

void Take(json::Value value, Count& count) {
  const Count read = value.AsInt64();
  if (read && *read >= 0) count = read;
}

// Of those that are there; nothing where none is, or the sum has no room in int64.
Count Sum(std::initializer_list<Count> counts) {
  Count sum;
  for (const Count& count : counts) {
    if (!count) continue;
    if (*count > std::numeric_limits<int64_t>::max() - sum.value_or(0)) return std::nullopt;
    sum = sum.value_or(0) + *count;
  }
  return sum;
}

}  // namespace

void UsageReader::Read(json::Value usage) {
  for (const auto& [key, value] : usage.members()) {
    if (key == "input_tokens") {
      Take(value, input_);
    } else if (key == "cache_creation_input_tokens") {
      Take(value, cache_creation_);
    } else if (key == "cache_read_input_tokens") {
      Take(value, cache_read_);
    } else if (key == "output_tokens") {
      Take(value, output_);
    } else if (key == "output_tokens_details") {
      Take(value.Find("thinking_tokens"), thinking_);
    }
  }
}

std::optional<chat::Usage> UsageReader::usage() const {
  if (!input_ && !cache_creation_ && !cache_read_ && !output_ && !thinking_) return std::nullopt;
  chat::Usage usage;
  usage.prompt_tokens = Sum({input_, cache_creation_, cache_read_});
  usage.completion_tokens = output_;
  if (usage.prompt_tokens && output_) usage.total_tokens = Sum({usage.prompt_tokens, output_});
  usage.cached_tokens = cache_read_;
  usage.cache_write_tokens = cache_creation_;
  usage.reasoning_tokens = thinking_;
  return usage;
}

}  // namespace sluice::dialect::anthropic
