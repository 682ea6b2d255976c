#ifndef SLUICE_SERVER_DIALECT_OPENAI_USAGE_H_
#define SLUICE_SERVER_DIALECT_OPENAI_USAGE_H_

#include <optional>

#include "server/chat/event.h"
#include "server/dialect/openai/chunk.h"

namespace sluice::dialect::openai {

// Reads one usage object; nothing if it holds no valid count. A count that is negative, fractional, no number or
// beyond int64 is absent.
std::optional<chat::Usage> ReadUsage(json::Value usage);

// The usage of an answer out of all its chunks. Counts are cumulative wherever they repeat, so the last object wins,
// whole; nothing is ever added up.
class UsageReader {
 public:
  void Read(const Chunk& chunk);
  const std::optional<chat::Usage>& usage() const { return usage_.has_value() ? usage_ : groq_; }

 private:
  std::optional<chat::Usage> usage_;
  std::optional<chat::Usage> groq_;  // x_groq.usage: the same again, of interest only if it stands alone
};

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_USAGE_H_
