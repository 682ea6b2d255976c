#include "server/dialect/openai/usage.h"

namespace sluice::dialect::openai {
namespace {

using Count = std::optional<int64_t>;

Count ReadCount(json::Value value) {
  const Count count = value.AsInt64();
  return count.has_value() && *count >= 0 ? count : std::nullopt;
}

Count FirstOf(Count first, Count second) { return first.has_value() ? first : second; }

// xAI counts reasoning beside completion_tokens, not inside. Nobody else's numbers add up like this.
void TakeReasoningIn(chat::Usage& usage) {
  if (!usage.prompt_tokens || !usage.completion_tokens || !usage.total_tokens || !usage.reasoning_tokens) return;
  if (*usage.reasoning_tokens == 0) return;
  // By differences: sums of what strangers send may overflow.
  const int64_t answered = *usage.total_tokens - *usage.prompt_tokens;
  if (answered - *usage.completion_tokens == *usage.reasoning_tokens) usage.completion_tokens = answered;
}

}  // namespace

std::optional<chat::Usage> ReadUsage(json::Value usage) {
  const json::Value prompt = usage.Find("prompt_tokens_details");
  const json::Value completion = usage.Find("completion_tokens_details");
  chat::Usage read;
  read.prompt_tokens = ReadCount(usage.Find("prompt_tokens"));
  read.completion_tokens = ReadCount(usage.Find("completion_tokens"));
  read.total_tokens = ReadCount(usage.Find("total_tokens"));
  // prompt_cache_hit_tokens: DeepSeek. cached_tokens at the top: Moonshot.
  read.cached_tokens =
      FirstOf(ReadCount(prompt.Find("cached_tokens")),
              FirstOf(ReadCount(usage.Find("prompt_cache_hit_tokens")), ReadCount(usage.Find("cached_tokens"))));
  read.cache_write_tokens = ReadCount(prompt.Find("cache_write_tokens"));
  // reasoning_tokens at the top: SGLang.
  read.reasoning_tokens =
      FirstOf(ReadCount(completion.Find("reasoning_tokens")), ReadCount(usage.Find("reasoning_tokens")));
  if (!read.prompt_tokens && !read.completion_tokens && !read.total_tokens && !read.cached_tokens &&
      !read.cache_write_tokens && !read.reasoning_tokens) {
    return std::nullopt;
  }
  TakeReasoningIn(read);
  return read;
}

void UsageReader::Read(const Chunk& chunk) {
  std::optional<chat::Usage> found;
  if (chunk.usage.is_object()) found = ReadUsage(chunk.usage);
  if (!found.has_value() && chunk.choices.is_filled() && chunk.choices.is_array()) {
    const json::Value beside = (*chunk.choices.elements().begin()).Find("usage");  // Moonshot
    if (beside.is_object()) found = ReadUsage(beside);
  }
  if (found.has_value()) usage_ = found;
  if (chunk.x_groq.is_object()) {
    if (const auto groq = ReadUsage(chunk.x_groq.Find("usage"))) groq_ = groq;
  }
}

}  // namespace sluice::dialect::openai
