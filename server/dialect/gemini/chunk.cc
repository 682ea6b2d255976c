#include "server/dialect/gemini/chunk.h"

namespace sluice::dialect::gemini {

Chunk ReadChunk(json::Value root) {
  Chunk chunk;
  for (const auto& [key, value] : root.members()) {
    if (key == "candidates") {
      chunk.candidates = value;
    } else if (key == "usageMetadata") {
      chunk.usage_metadata = value;
    } else if (key == "modelVersion") {
      chunk.model_version = value;
    } else if (key == "responseId") {
      chunk.response_id = value;
    } else if (key == "promptFeedback") {
      chunk.prompt_feedback = value;
    } else if (key == "error") {
      chunk.error = value;
    }
  }
  return chunk;
}

Candidate ReadCandidate(json::Value candidate) {
  Candidate read;
  for (const auto& [key, value] : candidate.members()) {
    if (key == "content") {
      read.content = value;
    } else if (key == "index") {
      read.index = value;
    } else if (key == "finishReason") {
      read.finish_reason = value;
    } else if (key == "safetyRatings") {
      read.safety_ratings = value;
    } else if (key == "citationMetadata") {
      read.citation_metadata = value;
    } else if (key == "groundingMetadata") {
      read.grounding_metadata = value;
    } else if (key == "logprobsResult") {
      read.logprobs_result = value;
    }
  }
  return read;
}

ContentPart ReadPart(json::Value part) {
  ContentPart read;
  for (const auto& [key, value] : part.members()) {
    if (key == "text") {
      read.text = value;
    } else if (key == "thought") {
      read.thought = value;
    } else if (key == "thoughtSignature") {
      read.thought_signature = value;
    } else if (key == "functionCall") {
      read.function_call = value;
    } else if (key == "inlineData") {
      read.inline_data = value;
    } else {
      read.has_other = true;
    }
  }
  return read;
}

}  // namespace sluice::dialect::gemini
