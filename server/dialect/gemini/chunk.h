#ifndef SLUICE_SERVER_DIALECT_GEMINI_CHUNK_H_
#define SLUICE_SERVER_DIALECT_GEMINI_CHUNK_H_

#include "server/json/tape.h"

namespace sluice::dialect::gemini {

// The members of a GenerateContentResponse that mean something to us, each found in one pass over its object (of
// duplicates the last counts). Any may be absent, null or of the wrong type.

struct Chunk {
  json::Value response_id, model_version, candidates, prompt_feedback, usage_metadata, error;
};
Chunk ReadChunk(json::Value root);

struct Candidate {
  json::Value index, content, finish_reason, safety_ratings, citation_metadata, grounding_metadata, logprobs_result;
};
Candidate ReadCandidate(json::Value candidate);

struct ContentPart {
  json::Value text, thought, thought_signature, function_call, inline_data;
  bool has_other = false;  // a member besides those: code that was run, a file, what we do not know yet
};
ContentPart ReadPart(json::Value part);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_CHUNK_H_
