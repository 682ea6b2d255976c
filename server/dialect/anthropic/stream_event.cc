#include "server/dialect/anthropic/stream_event.h"

namespace sluice::dialect::anthropic {

StreamEvent ReadStreamEvent(json::Value root) {
  StreamEvent event;
  for (const auto& [key, value] : root.members()) {
    if (key == "type") {
      event.type = value;
    } else if (key == "index") {
      event.index = value;
    } else if (key == "delta") {
      event.delta = value;
    } else if (key == "content_block") {
      event.content_block = value;
    } else if (key == "message") {
      event.message = value;
    } else if (key == "usage") {
      event.usage = value;
    } else if (key == "error") {
      event.error = value;
    }
  }
  return event;
}

BlockDelta ReadBlockDelta(json::Value delta) {
  BlockDelta read;
  for (const auto& [key, value] : delta.members()) {
    if (key == "type") {
      read.type = value;
    } else if (key == "text") {
      read.text = value;
    } else if (key == "thinking") {
      read.thinking = value;
    } else if (key == "signature") {
      read.signature = value;
    } else if (key == "partial_json") {
      read.partial_json = value;
    } else if (key == "citation") {
      read.citation = value;
    }
  }
  return read;
}

}  // namespace sluice::dialect::anthropic
