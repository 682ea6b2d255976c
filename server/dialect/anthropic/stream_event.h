#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_STREAM_EVENT_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_STREAM_EVENT_H_

#include "server/json/tape.h"

namespace sluice::dialect::anthropic {

// The members that mean something to us, each found in one pass over its object (of duplicates the last counts). Any
// may be absent, null or of the wrong type.

struct StreamEvent {
  json::Value type, index, delta, content_block, message, usage, error;
};
StreamEvent ReadStreamEvent(json::Value root);

// Of a content_block_delta.
struct BlockDelta {
  json::Value type, text, thinking, signature, partial_json, citation;
};
BlockDelta ReadBlockDelta(json::Value delta);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_STREAM_EVENT_H_
