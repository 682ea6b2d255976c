#include "server/dialect/gemini/remarks.h"

#include <optional>

namespace sluice::dialect::gemini {
namespace {

// Of what is remembered as told. Real answers have some dozens of sources.
constexpr size_t kMostTold = size_t{256} << 10;
// Of what the supports of one candidate make: each is told once a source, and so grows with the square of its length.
constexpr size_t kMostSupported = size_t{1} << 20;

bool Learn(json::Value value, std::string& last) {
  const absl::string_view text = value.Raw();
  if (!value.is_filled() || text == last) return false;
  last.assign(text.data(), text.size());
  return true;
}

// Whether one of the ratings blocked something. They say so only where it is so: an absent word is no "false".
std::optional<bool> AnyBlocked(json::Value ratings) {
  for (const json::Value rating : ratings.elements()) {
    if (rating.Find("blocked").kind() == json::Kind::kTrue) return true;
  }
  return std::nullopt;
}

// {"web":{"uri","title"}}, and the same of other kinds: retrievedContext, maps.
void TakeSource(json::Value chunk, chat::Annotation& annotation) {
  for (const auto& [kind, source] : chunk.members()) {
    if (!source.is_object()) continue;
    annotation.url = source.Find("uri").AsString();
    annotation.title = source.Find("title").AsString();
    return;
  }
}

void TakePlace(json::Value place, chat::Annotation& annotation) {
  annotation.start_index = place.Find("startIndex").AsInt64();
  annotation.end_index = place.Find("endIndex").AsInt64();
  // Google's encoders leave a zero out.
  if (annotation.end_index && !annotation.start_index) annotation.start_index = 0;
}

}  // namespace

bool CandidateRemarks::IsNew(json::Value thing) {
  const absl::string_view text = thing.Raw();
  if (!thing.is_object() || !thing.is_filled() || text.size() > kMostTold - told_bytes_) return false;
  if (!told_.insert(std::string(text)).second) return false;
  told_bytes_ += text.size();
  return true;
}

void CandidateRemarks::Read(const Candidate& candidate, Emitter& out) {
  if (candidate.grounding_metadata.is_filled()) ReadGrounding(candidate.grounding_metadata, out);
  if (candidate.citation_metadata.is_filled()) {
    ReadCitations(candidate.citation_metadata.Find("citationSources"), out);
    ReadCitations(candidate.citation_metadata.Find("citations"), out);  // Vertex AI
  }
  if (!Learn(candidate.safety_ratings, ratings_)) return;
  out.Emit(chat::Moderation{chat::Moderation::Subject::kAnswer, choice_, AnyBlocked(candidate.safety_ratings),
                            candidate.safety_ratings.Raw()});
}

void CandidateRemarks::ReadGrounding(json::Value metadata, Emitter& out) {
  const json::Value chunks = metadata.Find("groundingChunks");
  for (const json::Value chunk : chunks.elements()) {
    if (!IsNew(chunk)) continue;
    chat::Annotation annotation;
    annotation.choice = choice_;
    annotation.type = "grounding_chunk";
    TakeSource(chunk, annotation);
    annotation.native_json = chunk.Raw();
    out.Emit(annotation);
  }
  const std::vector<json::Value> sources(chunks.elements().begin(), chunks.elements().end());
  for (const json::Value support : metadata.Find("groundingSupports").elements()) {
    if (IsNew(support)) ReadSupport(support, sources, out);
  }
  const json::Value entry_point = metadata.Find("searchEntryPoint");
  if (!IsNew(entry_point)) return;
  chat::Annotation annotation;
  annotation.choice = choice_;
  annotation.type = "search_entry_point";
  annotation.native_json = entry_point.Raw();
  out.Emit(annotation);
}

void CandidateRemarks::ReadSupport(json::Value support, const std::vector<json::Value>& sources, Emitter& out) {
  chat::Annotation annotation;
  annotation.choice = choice_;
  annotation.type = "grounding_support";
  annotation.native_json = support.Raw();
  TakePlace(support.Find("segment"), annotation);
  const json::Value indices = support.Find("groundingChunkIndices");
  if (!indices.is_filled()) return out.Emit(annotation);
  for (const json::Value index : indices.elements()) {
    const auto number = index.AsInt64();
    annotation.url = annotation.title = absl::string_view();
    if (number && *number >= 0 && static_cast<size_t>(*number) < sources.size()) {
      TakeSource(sources[static_cast<size_t>(*number)], annotation);
    }
    const size_t bytes = annotation.native_json.size() + annotation.url.size() + annotation.title.size();
    if (bytes > kMostSupported - supported_bytes_) return;
    supported_bytes_ += bytes;
    out.Emit(annotation);
  }
}

void CandidateRemarks::ReadCitations(json::Value citations, Emitter& out) {
  for (const json::Value citation : citations.elements()) {
    if (!IsNew(citation)) continue;
    chat::Annotation annotation;
    annotation.choice = choice_;
    annotation.type = "citation";
    annotation.url = citation.Find("uri").AsString();
    annotation.title = citation.Find("title").AsString();
    TakePlace(citation, annotation);
    annotation.native_json = citation.Raw();
    out.Emit(annotation);
  }
}

void PromptRemarks::Read(json::Value prompt_feedback, Emitter& out) {
  if (!prompt_feedback.is_object() || !Learn(prompt_feedback, feedback_)) return;
  const absl::string_view reason = prompt_feedback.Find("blockReason").AsString();
  if (!reason.empty()) block_reason_ = std::string(reason);
  const auto flagged = reason.empty() ? AnyBlocked(prompt_feedback.Find("safetyRatings")) : true;
  out.Emit(chat::Moderation{chat::Moderation::Subject::kPrompt, std::nullopt, flagged, prompt_feedback.Raw()});
}

}  // namespace sluice::dialect::gemini
