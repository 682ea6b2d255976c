#include "server/dialect/gemini/candidate_decoder.h"

#include "absl/strings/match.h"
#include "server/dialect/gemini/logprobs.h"
#include "server/dialect/gemini/opaque_parts.h"

namespace sluice::dialect::gemini {

using chat::DeltaKind;

bool CandidateDecoder::Read(const Candidate& candidate, Emitter& out) {
  ReadLogprobs(candidate.logprobs_result, logprobs_);
  for (const json::Value part : candidate.content.Find("parts").elements()) {
    if (part.is_object() && !ReadPart(part, out)) return false;
  }
  if (!logprobs_.empty()) EmitText(DeltaKind::kText, "", out);
  remarks_.Read(candidate, out);
  const absl::string_view word = candidate.finish_reason.AsString();
  if (!word.empty() && word != "null") finish_word_.assign(word.data(), word.size());
  return true;
}

bool CandidateDecoder::ReadPart(json::Value whole, Emitter& out) {
  const ContentPart part = gemini::ReadPart(whole);
  if (part.function_call.is_object()) return ReadCall(part, out);
  if (absl::StartsWithIgnoreCase(part.inline_data.Find("mimeType").AsString(), "audio/")) {
    ReadAudio(part, out);
  } else if (part.inline_data.is_object() || (part.has_other && !part.text.is_string())) {
    EmitOpaque(OpaqueOfPart(whole, text_bytes_, calls_.size()), out);
  } else if (part.thought.kind() == json::Kind::kTrue) {
    ReadThought(whole, part, out);
  } else {
    ReadText(part, out);
  }
  return true;
}

bool CandidateDecoder::ReadCall(const ContentPart& part, Emitter& out) {
  if (!calls_.Read(part.function_call, out)) return false;
  const absl::string_view signature = part.thought_signature.AsString();
  if (!signature.empty() && has_calls()) EmitOpaque(OpaqueOfCall(signature, calls_.last_id()), out);
  return true;
}

void CandidateDecoder::ReadText(const ContentPart& part, Emitter& out) {
  const size_t begin = text_bytes_;
  EmitText(DeltaKind::kText, text_.Next(part.text.AsText(), joined_), out);
  const absl::string_view signature = part.thought_signature.AsString();
  if (!signature.empty()) EmitOpaque(OpaqueOfText(signature, begin, text_bytes_, calls_.size()), out);
}

// The thinking is no part of the answer that comes back, so a signed one is kept whole.
void CandidateDecoder::ReadThought(json::Value whole, const ContentPart& part, Emitter& out) {
  EmitText(DeltaKind::kReasoning, thought_.Next(part.text.AsText(), joined_), out);
  if (part.thought_signature.is_filled()) EmitOpaque(OpaqueOfPart(whole, text_bytes_, calls_.size()), out);
}

void CandidateDecoder::ReadAudio(const ContentPart& part, Emitter& out) {
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = DeltaKind::kAudio;
  delta.audio.data = part.inline_data.Find("data").AsString();
  if (!delta.audio.data.empty()) out.Emit(delta);
  ReadText(part, out);  // for a signature
}

void CandidateDecoder::EmitText(DeltaKind kind, absl::string_view text, Emitter& out) {
  const bool has_logprobs = kind == DeltaKind::kText && !logprobs_.empty();
  if (text.empty() && !has_logprobs) return;
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = kind;
  delta.text = text;
  if (has_logprobs) delta.logprobs = logprobs_;
  out.Emit(delta);
  if (kind == DeltaKind::kText) text_bytes_ += text.size();
  if (has_logprobs) logprobs_.clear();
}

void CandidateDecoder::EmitOpaque(absl::string_view data, Emitter& out) {
  chat::Delta delta;
  delta.choice = index_;
  delta.kind = DeltaKind::kOpaque;
  delta.text = data;
  out.Emit(delta);
}

void CandidateDecoder::Flush(bool complete, Emitter& out) {
  EmitText(DeltaKind::kReasoning, thought_.Flush(), out);
  EmitText(DeltaKind::kText, text_.Flush(), out);
  if (complete) calls_.Close(out);
}

}  // namespace sluice::dialect::gemini
