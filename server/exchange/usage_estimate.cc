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
    for (const chat::Part& part : message.content) {
      if (const auto* const text = std::get_if<chat::Text>(&part.body)) bytes += text->text.size();
    }
    for (const chat::ToolCall& call : message.tool_calls) bytes += call.name.size() + call.arguments.size();
  }
  return Tokens(bytes) + kTokensPerMessage * static_cast<int64_t>(request.messages.size());
}

size_t OutputBytes(const chat::Delta& delta) {
  if (delta.kind == chat::DeltaKind::kToolCall) return delta.tool.name.size() + delta.tool.arguments.size();
  if (delta.kind == chat::DeltaKind::kOpaque) return 0;  // counted as the reasoning that it signs
  return delta.text.size();                              // empty in audio
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
