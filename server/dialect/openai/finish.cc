#include "server/dialect/openai/finish.h"

namespace sluice::dialect::openai {

absl::string_view FinishWord(json::Value finish_reason) {
  const absl::string_view word = finish_reason.AsString();
  return word == "null" ? absl::string_view() : word;
}

chat::FinishReason CanonicalFinish(absl::string_view word) {
  using chat::FinishReason;
  if (word == "stop" || word == "eos" || word == "end_turn") return FinishReason::kStop;
  if (word == "length" || word == "model_length") return FinishReason::kLength;  // model_length: Mistral
  if (word == "tool_calls" || word == "function_call") return FinishReason::kToolCalls;
  if (word == "content_filter") return FinishReason::kContentFilter;
  if (word == "error" || word == "insufficient_system_resource") return FinishReason::kError;  // the latter: DeepSeek
  return FinishReason::kOther;
}

}  // namespace sluice::dialect::openai
