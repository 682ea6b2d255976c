#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_TURNS_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_TURNS_H_

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/message.h"
#include "server/dialect/anthropic/cache.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {

// A tool's message, all of which is one block.
struct ToolResult {
  const chat::Message* message;
};

// A content block, by what it is made from; a string is a block as the provider made it.
using Block = std::variant<const chat::Part*, const chat::ToolCall*, ToolResult, std::string>;

// One message as Anthropic sees it.
struct Turn {
  absl::string_view role;
  std::vector<Block> results = {};  // of tools; they come first
  std::vector<Block> blocks = {};

  // The text that is all of the turn, with nothing beside it; else nullptr.
  const chat::Text* SoleText() const;
};

// Puts the contract's messages together to turns. Views into the messages.
class Turns {
 public:
  void Add(const chat::Message& message);
  const std::vector<Turn>& list() const { return turns_; }

 private:
  Turn& TurnOf(absl::string_view role);
  void AddBlock(absl::string_view role, Block block);
  void AddAnswer(const chat::Message& message);

  std::vector<Turn> turns_;  // each with a block at least
};

void PutBlock(json::Writer& json, const Block& block, const CacheControl& cache);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_TURNS_H_
