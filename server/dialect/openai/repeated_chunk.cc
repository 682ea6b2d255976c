#include "server/dialect/openai/repeated_chunk.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::dialect::openai {
namespace {

bool HasEscape(absl::string_view raw) { return raw.find('\\') != absl::string_view::npos; }
bool IsEmptyString(json::Value value) { return value.is_string() && !value.is_filled(); }
bool IsEmptyList(json::Value value) { return value.is_array() && !value.is_filled(); }

// Whether a choice says nothing beside its delta.
bool IsOnlyDelta(const ChunkChoice& choice) {
  return choice.delta.is_object() && choice.logprobs.is_absent_or_null() && choice.usage.is_absent_or_null() &&
         (choice.finish_reason.is_absent_or_null() || IsEmptyString(choice.finish_reason));
}

// The one piece of text that a delta brings; absent if it brings none, or more.
json::Value OnlyPiece(const Content& content, chat::DeltaKind& kind) {
  if (!content.function_call.is_absent_or_null() || !content.audio.is_absent_or_null()) return {};
  for (const json::Value list : {content.tool_calls, content.reasoning_details, content.annotations}) {
    if (!list.is_absent_or_null() && !IsEmptyList(list)) return {};
  }
  json::Value piece;
  for (const auto& [value, its_kind] : {std::pair(content.content, chat::DeltaKind::kText),
                                        std::pair(content.reasoning_content, chat::DeltaKind::kReasoning),
                                        std::pair(content.reasoning, chat::DeltaKind::kReasoning),
                                        std::pair(content.refusal, chat::DeltaKind::kRefusal)}) {
    if (value.is_absent_or_null() || IsEmptyString(value)) continue;
    if (!value.is_string() || piece.is_string()) return {};
    piece = value;
    kind = its_kind;
  }
  return piece;
}

}  // namespace

void RepeatedChunk::Learn(absl::string_view text, const Chunk& chunk, ChoiceDecoder* decoder) {
  Forget();
  if (decoder == nullptr || text.size() > json::Shape::kMaxBytes) return;
  if (!chunk.usage.is_absent_or_null() || !chunk.x_groq.is_absent_or_null()) return;
  if (!chunk.moderation.is_absent_or_null()) return;
  const ChunkChoice choice = ReadChoice(*chunk.choices.elements().begin());
  if (!IsOnlyDelta(choice)) return;
  const json::Value piece = OnlyPiece(ReadContent(choice.delta), kind_);
  // Half a character at its end would be held back for the next piece.
  if (!piece.is_string() || piece.AsText().trailing_high != 0) return;
  // OpenAI pads its chunks with noise of varying length, so that an eavesdropper does not learn from their sizes.
  std::array<absl::string_view, 2> strings = {piece.RawString(), chunk.obfuscation.RawString()};
  const bool padded = chunk.obfuscation.is_string();
  text_at_ = padded && strings[1].data() < strings[0].data() ? 1 : 0;
  if (text_at_ == 1) std::swap(strings[0], strings[1]);
  choice_ = decoder;
  strings_ = padded ? 2 : 1;
  shape_.Learn(text, absl::MakeSpan(strings).first(strings_));
}

bool RepeatedChunk::Match(absl::string_view text, Found& found) {
  json::Shape::Strings strings;
  if (!shape_.Match(text, strings)) return false;
  // An escape in the padding could be a wrong one, which is for the parser to say.
  if (strings_ == 2 && HasEscape(strings[1 - text_at_])) return false;
  absl::string_view piece = strings[text_at_];
  if (HasEscape(piece)) {
    unescaped_.clear();
    if (!json::AppendUnescaped(piece, unescaped_)) return false;
    piece = unescaped_;
  }
  found = {choice_, kind_, piece};
  return true;
}

}  // namespace sluice::dialect::openai
