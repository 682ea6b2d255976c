#include "server/dialect/anthropic/finish.h"

namespace sluice::dialect::anthropic {

chat::FinishReason CanonicalFinish(absl::string_view stop_reason) {
  using chat::FinishReason;
  if (stop_reason == "end_turn" || stop_reason == "stop_sequence" || stop_reason == "pause_turn") {
    return FinishReason::kStop;
  }
  if (stop_reason == "max_tokens" || stop_reason == "model_context_window_exceeded") return FinishReason::kLength;
  if (stop_reason == "tool_use") return FinishReason::kToolCalls;
  if (stop_reason == "refusal") return FinishReason::kContentFilter;
  return FinishReason::kOther;
}

}  // namespace sluice::dialect::anthropic
