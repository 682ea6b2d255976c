#include "server/exchange/usage_estimate.h"

namespace sluice::exchange {
namespace {

constexpr size_t kBytesPerToken = 4;
constexpr int64_t kTokensPerMessage = 3;

int64_t Tokens(size_t bytes) { return static_cast<int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken); }

}  // namespace

int64_t EstimatePromptTokens(const chat::Request& request) {
  size_t bytes = 0;
  for (const chat::Message& message : request.messages) {
    for (const std::string& text : message.texts) bytes += text.size();
  }
  return Tokens(bytes) + kTokensPerMessage * static_cast<int64_t>(request.messages.size());
}

size_t OutputBytes(const chat::Delta& delta) {
  if (delta.kind == chat::DeltaKind::kToolCall) return delta.tool.name.size() + delta.tool.arguments.size();
  return delta.text.size();  // empty in audio
}

chat::Usage EstimateUsage(int64_t prompt_tokens, size_t output_bytes) {
  chat::Usage usage;
  usage.prompt_tokens = prompt_tokens;
  usage.completion_tokens = Tokens(output_bytes);
  usage.total_tokens = prompt_tokens + *usage.completion_tokens;
  usage.estimated = true;
  return usage;
}

}  // namespace sluice::exchange
