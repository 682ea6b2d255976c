#include "server/dialect/openai/usage.h"

namespace sluice::dialect::openai {
namespace {

using Count = std::optional<int64_t>;

Count ReadCount(json::Value value) {
  const Count count = value.AsInt64();
  return count.has_value() && *count >= 0 ? count : std::nullopt;
}

Count FirstOf(Count first, Count second) { return first.has_value() ? first : second; }

// The members of a usage object that mean anything, as they came.
struct Members {
  json::Value prompt_tokens;
  json::Value completion_tokens;
  json::Value total_tokens;
  json::Value prompt_tokens_details;
  json::Value completion_tokens_details;
  json::Value prompt_cache_hit_tokens;  // DeepSeek
  json::Value cached_tokens;            // Moonshot
  json::Value reasoning_tokens;         // SGLang
};

// In one walk: vLLM can send the counts with every chunk.
Members ReadMembers(json::Value usage) {
  Members read;
  for (const auto& [key, value] : usage.members()) {
    if (key == "prompt_tokens") {
      read.prompt_tokens = value;
    } else if (key == "completion_tokens") {
      read.completion_tokens = value;
    } else if (key == "total_tokens") {
      read.total_tokens = value;
    } else if (key == "prompt_tokens_details") {
      read.prompt_tokens_details = value;
    } else if (key == "completion_tokens_details") {
      read.completion_tokens_details = value;
    } else if (key == "prompt_cache_hit_tokens") {
      read.prompt_cache_hit_tokens = value;
    } else if (key == "cached_tokens") {
      read.cached_tokens = value;
    } else if (key == "reasoning_tokens") {
      read.reasoning_tokens = value;
    }
  }
  return read;
}

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
  const Members members = ReadMembers(usage);
  const json::Value prompt = members.prompt_tokens_details;
  chat::Usage read;
  read.prompt_tokens = ReadCount(members.prompt_tokens);
  read.completion_tokens = ReadCount(members.completion_tokens);
  read.total_tokens = ReadCount(members.total_tokens);
  read.cached_tokens = FirstOf(ReadCount(prompt.Find("cached_tokens")),
                               FirstOf(ReadCount(members.prompt_cache_hit_tokens), ReadCount(members.cached_tokens)));
  read.cache_write_tokens = ReadCount(prompt.Find("cache_write_tokens"));
  read.reasoning_tokens = FirstOf(ReadCount(members.completion_tokens_details.Find("reasoning_tokens")),
                                  ReadCount(members.reasoning_tokens));
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
