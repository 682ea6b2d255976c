#include "server/dialect/anthropic/content_blocks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/citation.h"
#include "server/dialect/anthropic/opaque_parts.h"
#include "server/dialect/anthropic/stream_event.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {
namespace {

constexpr int64_t kMaxIndex = 1'000'000;
constexpr size_t kMaxOpen = 128;
constexpr size_t kMaxCalls = 1024;
// Of an id or a name. Real ones have some dozens; they go into one message whole, so they cannot be as long as that.
constexpr size_t kMaxNameBytes = size_t{64} << 10;

}  // namespace

std::optional<int64_t> ContentBlocks::ReadIndex(json::Value index, int64_t otherwise) {
  if (index.is_absent_or_null()) return otherwise;
  const std::optional<int64_t> number = index.AsInt64();
  return number && *number >= 0 && *number <= kMaxIndex ? number : std::nullopt;
}

ContentBlocks::Block* ContentBlocks::Find(int64_t index) {
  const auto at = std::find_if(open_.begin(), open_.end(), [&](const Block& block) { return block.index == index; });
  return at == open_.end() ? nullptr : &*at;
}

ContentBlocks::Block* ContentBlocks::Open(int64_t index, Kind kind, Emitter& out) {
  if (Block* const before = Find(index)) Close(*before, /*ended=*/true, out);
  if (open_.size() >= kMaxOpen) return nullptr;
  next_index_ = index + 1;
  Block& block = open_.emplace_back();
  block.index = index;
  block.kind = kind;
  block.calls = calls_;
  return &block;
}

ContentBlocks::Result ContentBlocks::Start(json::Value index, json::Value content_block, Emitter& out) {
  const auto number = ReadIndex(index, next_index_);
  if (!number) return Result::kBroken;
  Block* const block = Open(*number, Kind::kSkipped, out);
  if (block == nullptr || !Begin(*block, content_block, out)) return Result::kBroken;
  return CheckKept();
}

bool ContentBlocks::Begin(Block& block, json::Value content_block, Emitter& out) {
  const absl::string_view type = content_block.Find("type").AsString();
  if (type == "text" || type.empty()) {
    block.kind = Kind::kText;
    EmitPiece(block, Kind::kText, block.join.Next(content_block.Find("text").AsText(), joined_), out);
    for (const json::Value citation : content_block.Find("citations").elements()) EmitCitation(citation, out);
  } else if (type == "thinking") {
    block.kind = Kind::kThinking;
    EmitPiece(block, Kind::kThinking, block.join.Next(content_block.Find("thinking").AsText(), joined_), out);
    Keep(block.tail, content_block.Find("signature").AsString());
  } else if (type == "tool_use") {
    return BeginCall(block, content_block, out);
  } else if (type == "redacted_thinking") {
    if (content_block.Find("data").is_filled()) EmitOpaque(content_block.Raw(), block.calls, out);
  } else if (IsOpaqueBlock(type)) {
    block.kind = Kind::kKept;
    Keep(block.body, content_block.Raw());
  }
  return true;
}

bool ContentBlocks::BeginCall(Block& block, json::Value content_block, Emitter& out) {
  const absl::string_view id = content_block.Find("id").AsString();
  const absl::string_view name = content_block.Find("name").AsString();
  if (calls_ >= kMaxCalls || id.size() > kMaxNameBytes || name.size() > kMaxNameBytes) return false;
  block.kind = Kind::kToolUse;
  ++calls_;
  std::string made_up;
  if (id.empty()) made_up = absl::StrCat("call_", ids_.NewRequestId());
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool.index = static_cast<int32_t>(block.calls);
  delta.tool.id = id.empty() ? absl::string_view(made_up) : id;
  delta.tool.name = name;
  out.Emit(delta);
  const json::Value input = content_block.Find("input");
  if (!input.is_object() || !input.is_filled()) return true;
  std::string compact;
  json::AppendCompact(input.Raw(), compact);
  Keep(block.body, compact);
  return true;
}

ContentBlocks::Result ContentBlocks::Delta(json::Value index, json::Value delta, Emitter& out) {
  const auto number = ReadIndex(index, LatestIndex());
  if (!number) return Result::kBroken;
  Block* const block = Find(*number);
  if (block != nullptr && block->kind == Kind::kSkipped) return Result::kFine;
  const BlockDelta read = ReadBlockDelta(delta);
  const absl::string_view type = read.type.AsString();
  bool fine = true;
  if (type == "text_delta") {
    fine = ReadPiece(block, *number, Kind::kText, read.text.AsText(), out);
  } else if (type == "input_json_delta") {
    fine = ReadInput(block, read.partial_json.AsText(), out);
  } else if (type == "thinking_delta") {
    fine = ReadPiece(block, *number, Kind::kThinking, read.thinking.AsText(), out);
  } else if (type == "signature_delta" && block != nullptr && block->kind == Kind::kThinking) {
    kept_ -= block->tail.size();
    block->tail.clear();  // the last one counts, whole
    Keep(block->tail, read.signature.AsString());
  } else if (type == "citations_delta") {
    EmitCitation(read.citation, out);
  }
  return fine ? CheckKept() : Result::kBroken;
}

bool ContentBlocks::ReadPiece(Block* block, int64_t index, Kind kind, const json::Text& piece, Emitter& out) {
  if (piece.utf8.empty()) return true;
  if (block == nullptr) block = Open(index, kind, out);
  if (block == nullptr || (block->kind != Kind::kText && block->kind != Kind::kThinking)) return false;
  EmitPiece(*block, kind, block->join.Next(piece, joined_), out);
  return true;
}

bool ContentBlocks::ReadInput(Block* block, const json::Text& piece, Emitter& out) {
  if (block == nullptr || (block->kind != Kind::kToolUse && block->kind != Kind::kKept)) return false;
  const absl::string_view text = block->join.Next(piece, joined_);
  if (block->kind == Kind::kKept) {
    Keep(block->tail, text);
  } else if (!text.empty()) {
    EmitArguments(*block, text, out);
  }
  return true;
}

ContentBlocks::Result ContentBlocks::Stop(json::Value index, Emitter& out) {
  const auto number = ReadIndex(index, LatestIndex());
  if (!number) return Result::kBroken;
  if (Block* const block = Find(*number)) Close(*block, /*ended=*/true, out);
  return Result::kFine;
}

void ContentBlocks::Flush(Emitter& out) {
  while (!open_.empty()) Close(open_.front(), /*ended=*/false, out);
}

void ContentBlocks::Close(Block& block, bool ended, Emitter& out) {
  switch (block.kind) {
    case Kind::kText:
      EmitPiece(block, Kind::kText, block.join.Flush(), out);
      break;
    case Kind::kThinking:
      CloseThinking(block, out);
      break;
    case Kind::kToolUse:
      CloseCall(block, ended, out);
      break;
    case Kind::kKept:
      CloseKept(block, out);
      break;
    case Kind::kSkipped:
      break;
  }
  kept_ -= block.body.size() + block.tail.size();
  open_.erase(open_.begin() + (&block - open_.data()));
}

void ContentBlocks::CloseThinking(Block& block, Emitter& out) {
  EmitPiece(block, Kind::kThinking, block.join.Flush(), out);
  if (block.tail.empty()) return;
  std::string whole;
  json::Writer(whole)
      .StartObject()
      .Member("type", "thinking")
      .Member("thinking", block.body)
      .Member("signature", block.tail)
      .EndObject();
  EmitOpaque(whole, block.calls, out);
}

// An input that never came is an empty one.
void ContentBlocks::CloseCall(Block& block, bool ended, Emitter& out) {
  const absl::string_view rest = block.join.Flush();
  if (!rest.empty()) EmitArguments(block, rest, out);
  if (block.has_input) return;
  if (!block.body.empty()) return EmitArguments(block, block.body, out);
  if (ended) EmitArguments(block, "{}", out);
}

void ContentBlocks::CloseKept(Block& block, Emitter& out) {
  if (block.tail.empty()) return EmitOpaque(block.body, block.calls, out);
  const std::string whole = WithInput(block.body, block.tail);
  if (!whole.empty()) EmitOpaque(whole, block.calls, out);
}

void ContentBlocks::Keep(std::string& where, absl::string_view text) {
  where.append(text.data(), text.size());
  kept_ += text.size();
}

void ContentBlocks::EmitPiece(Block& block, Kind kind, absl::string_view text, Emitter& out) {
  if (text.empty()) return;
  if (kind == Kind::kThinking && block.kind == Kind::kThinking) Keep(block.body, text);
  chat::Delta delta;
  delta.kind = kind == Kind::kThinking ? chat::DeltaKind::kReasoning : chat::DeltaKind::kText;
  delta.text = text;
  out.Emit(delta);
}

void ContentBlocks::EmitArguments(Block& block, absl::string_view arguments, Emitter& out) {
  block.has_input = true;
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool.index = static_cast<int32_t>(block.calls);
  delta.tool.arguments = arguments;
  out.Emit(delta);
}

void ContentBlocks::EmitOpaque(absl::string_view block_json, size_t calls_before, Emitter& out) {
  const std::string opaque = WrapBlock(block_json, calls_before);
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kOpaque;
  delta.text = opaque;
  out.Emit(delta);
}

}  // namespace sluice::dialect::anthropic
