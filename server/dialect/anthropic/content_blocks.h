#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_CONTENT_BLOCKS_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_CONTENT_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/base/id.h"
#include "server/dialect/emitter.h"
#include "server/dialect/text_join.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {

// The content blocks of one answer, put together from their events, and emitted piece by piece.
//
// Text and thinking go out as they come; so do the arguments of a tool's call. A thinking block goes out once more as a
// whole, as an opaque part, when its end brought the signature; redacted thinking and what Anthropic's own tools did go
// out as opaque parts only. Blocks and deltas of unknown types are passed over. A block whose end never comes is as
// good as one that has ended, but its call's arguments may be a piece only.
//
// Leniencies for servers that imitate the API: an index may be missing (the latest block is meant), text may already
// stand in the block's start, and text and thinking may come without a start.
class ContentBlocks {
 public:
  enum class Result {
    kFine,
    kBroken,    // an index or a delta that makes no sense, or too many blocks or calls
    kTooLarge,  // what has to be kept until a block's end is above max_bytes
  };

  // `ids` names calls whose provider did not, and must outlive this.
  ContentBlocks(IdSource& ids, size_t max_bytes) : ids_(ids), max_bytes_(max_bytes) {}

  Result Start(json::Value index, json::Value content_block, Emitter& out);
  Result Delta(json::Value index, json::Value delta, Emitter& out);
  Result Stop(json::Value index, Emitter& out);
  // The answer ends: what is held back goes out.
  void Flush(Emitter& out);

 private:
  enum class Kind { kText, kThinking, kToolUse, kKept, kSkipped };
  struct Block {
    int64_t index = 0;
    Kind kind = Kind::kSkipped;
    size_t calls = 0;  // that stand before it; of a call its number
    TextJoin join;
    // kThinking: the text. kToolUse: the input that came with the start. kKept: the block as it started.
    std::string body;
    // kThinking: the signature. kKept: the input in pieces.
    std::string tail;
    bool has_input = false;  // kToolUse: arguments went out
  };

  // Nothing for what is no index; `otherwise` where it is missing.
  static std::optional<int64_t> ReadIndex(json::Value index, int64_t otherwise);
  // The open block that `index` means, or nullptr.
  Block* Find(int64_t index);
  int64_t LatestIndex() const { return open_.empty() ? next_index_ : open_.back().index; }
  // nullptr: too many are open.
  Block* Open(int64_t index, Kind kind, Emitter& out);
  void Close(Block& block, bool ended, Emitter& out);
  Result CheckKept() const { return kept_ > max_bytes_ ? Result::kTooLarge : Result::kFine; }

  bool Begin(Block& block, json::Value content_block, Emitter& out);
  bool BeginCall(Block& block, json::Value content_block, Emitter& out);
  bool ReadPiece(Block* block, int64_t index, Kind kind, const json::Text& piece, Emitter& out);
  bool ReadInput(Block* block, const json::Text& piece, Emitter& out);
  void CloseThinking(Block& block, Emitter& out);
  void CloseCall(Block& block, bool ended, Emitter& out);
  void CloseKept(Block& block, Emitter& out);

  void Keep(std::string& where, absl::string_view text);
  void EmitPiece(Block& block, Kind kind, absl::string_view text, Emitter& out);
  void EmitArguments(Block& block, absl::string_view arguments, Emitter& out);
  static void EmitOpaque(absl::string_view block_json, size_t calls_before, Emitter& out);

  IdSource& ids_;
  const size_t max_bytes_;
  std::vector<Block> open_;  // in the order of their starts
  int64_t next_index_ = 0;   // for a block that comes without one
  size_t calls_ = 0;
  size_t kept_ = 0;  // bytes in body and tail of the open blocks
  std::string joined_;
};

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_CONTENT_BLOCKS_H_
