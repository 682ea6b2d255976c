#include "server/dialect/openai/choice_decoder.h"

#include "absl/strings/str_cat.h"
#include "server/dialect/openai/finish.h"
#include "server/dialect/openai/logprobs.h"
#include "server/dialect/openai/opaque_parts.h"

namespace sluice::dialect::openai {

using chat::DeltaKind;

namespace {

// What goes into one opaque piece, which cannot be split: well below what a gRPC client takes at once.
constexpr size_t kMostDetails = size_t{256} << 10;

}  // namespace

bool ChoiceDecoder::Read(const ChunkChoice& choice, Emitter& out) {
  const bool fine =
      choice.delta.is_absent_or_null() ? ReadMessage(choice, out) : ReadDelta(ReadContent(choice.delta), choice, out);
  verdict_.Read(index_, choice.content_filter_results, out);
  const absl::string_view word = FinishWord(choice.finish_reason);
  if (!word.empty()) {
    finish_word_.assign(word.data(), word.size());
    tools_.Release(out);
  }
  return fine;
}

void ChoiceDecoder::ReadPiece(DeltaKind kind, absl::string_view text, Emitter& out) {
  json::Text piece;
  piece.utf8 = text;
  EmitText(kind,
           kind == DeltaKind::kReasoning ? reasoning_
           : kind == DeltaKind::kRefusal ? refusal_
                                         : text_,
           piece, out);
}

// `message` stands for the whole answer so far. Perplexity sends it beside each delta, so it is read only where no
// delta and no text came; what did come of the rest is not read again.
bool ChoiceDecoder::ReadMessage(const ChunkChoice& choice, Emitter& out) {
  Content content;
  if (!has_text_) content = ReadContent(choice.message);
  if (has_reasoning_) content.reasoning_content = content.reasoning = content.reasoning_details = json::Value();
  if (has_refusal_) content.refusal = json::Value();
  if (has_audio_) content.audio = json::Value();
  if (!tools_.empty()) content.tool_calls = content.function_call = json::Value();
  return ReadDelta(content, choice, out);
}

bool ChoiceDecoder::ReadDelta(const Content& content, const ChunkChoice& choice, Emitter& out) {
  ReadReasoning(content, out);
  ReadText(content, choice.logprobs.Find("content"), out);
  ReadRefusal(content, choice.logprobs.Find("refusal"), out);
  tools_.ReadFunctionCall(content.function_call, out);
  const bool fine = tools_.ReadList(content.tool_calls, out);
  ReadAudio(content.audio, out);
  EmitAnnotations(index_, content.annotations, out);
  return fine;
}

// Relays send the same reasoning under two or three names: it is taken once.
void ChoiceDecoder::ReadReasoning(const Content& content, Emitter& out) {
  if (content.reasoning_content.is_filled()) {
    EmitReasoning(content.reasoning_content, out);
  } else if (content.reasoning.is_filled()) {
    EmitReasoning(content.reasoning, out);
  } else {
    for (const json::Value detail : content.reasoning_details.elements()) {
      // Encrypted details have neither.
      const json::Value text = detail.Find("text");
      EmitReasoning(text.is_filled() ? text : detail.Find("summary"), out);
    }
  }
  ReadThinkingParts(content.content, out);
  KeepReasoningDetails(content.reasoning_details, out);
}

// OpenRouter wants them back as they came, all of them, for the model to think on: they have signatures.
void ChoiceDecoder::KeepReasoningDetails(json::Value details, Emitter& out) {
  for (const json::Value detail : details.elements()) {
    if (!detail.is_object()) continue;
    absl::StrAppend(&reasoning_details_, reasoning_details_.empty() ? "" : ",", detail.Raw());
    if (reasoning_details_.size() > kMostDetails) EmitReasoningDetails(out);
  }
}

void ChoiceDecoder::EmitReasoningDetails(Emitter& out) {
  if (reasoning_details_.empty()) return;
  const std::string opaque = OpaqueReasoningDetails(reasoning_details_);
  reasoning_details_.clear();
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = DeltaKind::kOpaque;
  delta.text = opaque;
  out.Emit(delta);
}

// Mistral: {type: thinking, thinking: [{type: text, text}]} among the parts of the content.
void ChoiceDecoder::ReadThinkingParts(json::Value content, Emitter& out) {
  for (const json::Value part : content.elements()) {
    if (part.Find("type").AsString() != "thinking") continue;
    const json::Value thinking = part.Find("thinking");
    EmitReasoning(thinking, out);
    for (const json::Value piece : thinking.elements()) EmitReasoning(piece.Find("text"), out);
  }
}

void ChoiceDecoder::EmitReasoning(json::Value piece, Emitter& out) {
  if (!piece.is_string() || !piece.is_filled()) return;
  has_reasoning_ = true;
  EmitText(DeltaKind::kReasoning, reasoning_, piece.AsText(), out);
}

void ChoiceDecoder::ReadText(const Content& content, json::Value logprobs, Emitter& out) {
  ReadLogprobs(logprobs, logprobs_);
  if (content.content.is_array()) {
    for (const json::Value part : content.content.elements()) {
      const json::Value type = part.Find("type");
      if (!type.is_absent_or_null() && type.AsString() != "text") continue;
      const json::Value text = part.Find("text");
      has_text_ |= text.is_string() && text.is_filled();
      EmitText(DeltaKind::kText, text_, text.AsText(), out);
    }
  } else {
    has_text_ |= content.content.is_string() && content.content.is_filled();
    EmitText(DeltaKind::kText, text_, content.content.AsText(), out);
  }
  if (!logprobs_.empty()) EmitText(DeltaKind::kText, text_, json::Text(), out);
}

void ChoiceDecoder::ReadRefusal(const Content& content, json::Value logprobs, Emitter& out) {
  ReadLogprobs(logprobs, logprobs_);
  has_refusal_ |= content.refusal.is_string() && content.refusal.is_filled();
  EmitText(DeltaKind::kRefusal, refusal_, content.refusal.AsText(), out);
}

void ChoiceDecoder::EmitText(DeltaKind kind, TextJoin& join, const json::Text& piece, Emitter& out) {
  const absl::string_view text = join.Next(piece, joined_);
  if (kind == DeltaKind::kText && think_.has_value()) {
    SplitThinking(text, out);
    EmitPiece(kind, "", out);  // for the logprobs, if no piece took them
  } else {
    EmitPiece(kind, text, out);
  }
}

void ChoiceDecoder::SplitThinking(absl::string_view text, Emitter& out) {
  think_->Feed(text, [&](bool thinking, absl::string_view part) { EmitPart(thinking, part, out); });
}

void ChoiceDecoder::EmitPart(bool thinking, absl::string_view part, Emitter& out) {
  EmitPiece(thinking ? DeltaKind::kReasoning : DeltaKind::kText, part, out);
}

void ChoiceDecoder::EmitPiece(DeltaKind kind, absl::string_view text, Emitter& out) {
  const bool has_logprobs = !logprobs_.empty() && kind != DeltaKind::kReasoning;
  if (text.empty() && !has_logprobs) return;
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = kind;
  delta.text = text;
  if (has_logprobs) delta.logprobs = logprobs_;
  out.Emit(delta);
  if (has_logprobs) logprobs_.clear();
}

void ChoiceDecoder::ReadAudio(json::Value audio, Emitter& out) {
  if (!audio.is_object()) return;
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = DeltaKind::kAudio;
  delta.audio.id = audio.Find("id").AsString();
  delta.audio.data = audio.Find("data").AsString();
  const json::Text transcript = audio.Find("transcript").AsText();
  delta.audio.transcript = transcript_.Next(transcript, joined_);
  delta.audio.expires_at = audio.Find("expires_at").AsInt64();
  has_audio_ |= !delta.audio.data.empty() || !transcript.utf8.empty();
  if (delta.audio.id.empty() && delta.audio.data.empty() && delta.audio.transcript.empty() &&
      !delta.audio.expires_at.has_value()) {
    return;
  }
  out.Emit(delta);
}

void ChoiceDecoder::Flush(Emitter& out) {
  FlushText(DeltaKind::kReasoning, reasoning_, out);
  if (think_) {
    SplitThinking(text_.Flush(), out);
    think_->Flush([&](bool thinking, absl::string_view part) { EmitPart(thinking, part, out); });
  } else {
    FlushText(DeltaKind::kText, text_, out);
  }
  FlushText(DeltaKind::kRefusal, refusal_, out);
  tools_.Flush(out);
  FlushText(DeltaKind::kAudio, transcript_, out);
  EmitReasoningDetails(out);
}

void ChoiceDecoder::FlushText(DeltaKind kind, TextJoin& join, Emitter& out) {
  const absl::string_view rest = join.Flush();
  if (rest.empty()) return;
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = kind;
  (kind == DeltaKind::kAudio ? delta.audio.transcript : delta.text) = rest;
  out.Emit(delta);
}

}  // namespace sluice::dialect::openai
