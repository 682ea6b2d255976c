#include "server/dialect/openai/chunk.h"

namespace sluice::dialect::openai {

Chunk ReadChunk(json::Value root) {
  Chunk chunk;
  for (const auto& [key, value] : root.members()) {
    if (key == "id") {
      chunk.id = value;
    } else if (key == "model") {
      chunk.model = value;
    } else if (key == "choices") {
      chunk.choices = value;
    } else if (key == "usage") {
      chunk.usage = value;
    } else if (key == "object") {
      chunk.object = value;
    } else if (key == "error") {
      chunk.error = value;
    } else if (key == "type") {
      chunk.type = value;
    } else if (key == "x_groq") {
      chunk.x_groq = value;
    } else if (key == "obfuscation") {
      chunk.obfuscation = value;
    } else if (key == "moderation") {
      chunk.moderation = value;
    } else if (key == "prompt_filter_results") {
      chunk.prompt_filter_results = value;
    } else if (key == "citations") {
      chunk.citations = value;
    }
  }
  return chunk;
}

ChunkChoice ReadChoice(json::Value choice) {
  ChunkChoice read;
  for (const auto& [key, value] : choice.members()) {
    if (key == "index") {
      read.index = value;
    } else if (key == "delta") {
      read.delta = value;
    } else if (key == "finish_reason") {
      read.finish_reason = value;
    } else if (key == "logprobs") {
      read.logprobs = value;
    } else if (key == "message") {
      read.message = value;
    } else if (key == "usage") {
      read.usage = value;
    } else if (key == "content_filter_results") {
      read.content_filter_results = value;
    }
  }
  return read;
}

Content ReadContent(json::Value delta) {
  Content read;
  for (const auto& [key, value] : delta.members()) {
    if (key == "content") {
      read.content = value;
    } else if (key == "reasoning_content") {
      read.reasoning_content = value;
    } else if (key == "reasoning") {
      read.reasoning = value;
    } else if (key == "reasoning_details") {
      read.reasoning_details = value;
    } else if (key == "refusal") {
      read.refusal = value;
    } else if (key == "tool_calls") {
      read.tool_calls = value;
    } else if (key == "function_call") {
      read.function_call = value;
    } else if (key == "audio") {
      read.audio = value;
    } else if (key == "annotations") {
      read.annotations = value;
    }
  }
  return read;
}

}  // namespace sluice::dialect::openai
