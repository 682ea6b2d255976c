#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_USAGE_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_USAGE_H_

#include <cstdint>
#include <optional>

#include "server/chat/event.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {

// The usage of an answer out of message_start's and every message_delta's. The counts are cumulative, so each that is
// given replaces the one before, upwards or downwards; nothing is ever added up over events. A count that is null,
// negative, fractional, no number or beyond int64 is as good as absent.
class UsageReader {
 public:
  void Read(json::Value usage);
  // Anthropic counts what its cache read and wrote beside input_tokens; the contract counts it inside the prompt.
  // Nothing if no valid count came.
  std::optional<chat::Usage> usage() const;

 private:
  using Count = std::optional<int64_t>;

  Count input_;
  Count cache_creation_;
  Count cache_read_;
  Count output_;
  Count thinking_;
};

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_USAGE_H_
