#ifndef SLUICE_SERVER_DIALECT_OPENAI_CHUNK_H_
#define SLUICE_SERVER_DIALECT_OPENAI_CHUNK_H_

#include "server/json/tape.h"

namespace sluice::dialect::openai {

// The members of a chunk that mean something to us, each found in one pass over its object (of duplicates the last
// counts). Any may be absent, null or of the wrong type. What is not listed is ignored: timings, provider and the like.

struct Chunk {
  json::Value id, model, object, type, error, choices, usage, x_groq, obfuscation, moderation, prompt_filter_results,
      citations;
};
Chunk ReadChunk(json::Value root);

struct ChunkChoice {
  json::Value index, delta, message, logprobs, finish_reason, usage, content_filter_results;
};
ChunkChoice ReadChoice(json::Value choice);

// A delta, or the message that stands for it in a reply that came whole.
struct Content {
  json::Value content, reasoning_content, reasoning, reasoning_details, refusal, tool_calls, function_call, audio,
      annotations;
};
Content ReadContent(json::Value delta);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_CHUNK_H_
