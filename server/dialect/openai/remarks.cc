#include "server/dialect/openai/remarks.h"

#include <algorithm>
#include <utility>

namespace sluice::dialect::openai {
namespace {

bool SaysNothing(json::Value value) { return !value.is_filled() || !(value.is_object() || value.is_array()); }

// Whether any object inside, at most so deep, has a member of that name that is true; nullopt if none has the member.
std::optional<bool> AnyTrue(json::Value value, absl::string_view name, int depth) {
  std::optional<bool> any;
  const auto merge = [&](std::optional<bool> more) {
    if (more) any = any.value_or(false) || *more;
  };
  const json::Kind own = value.Find(name).kind();
  if (own == json::Kind::kTrue || own == json::Kind::kFalse) merge(own == json::Kind::kTrue);
  if (depth == 0) return any;
  for (const auto& [key, member] : value.members()) merge(AnyTrue(member, name, depth - 1));
  for (const json::Value element : value.elements()) merge(AnyTrue(element, name, depth - 1));
  return any;
}

// Azure's verdicts are equal in most chunks.
bool Learn(json::Value value, std::string& last) {
  const absl::string_view text = value.Raw();
  if (SaysNothing(value) || text == last) return false;
  last.assign(text.data(), text.size());
  return true;
}

chat::Annotation ReadAnnotation(int32_t choice, json::Value entry) {
  chat::Annotation annotation;
  annotation.choice = choice;
  annotation.type = entry.Find("type").AsString();
  // {"type":"url_citation","url_citation":{...}}; some servers put the members beside the type.
  const json::Value inner = entry.Find(annotation.type);
  const json::Value body = inner.is_object() ? inner : entry;
  annotation.url = body.Find("url").AsString();
  annotation.title = body.Find("title").AsString();
  annotation.start_index = body.Find("start_index").AsInt64();
  annotation.end_index = body.Find("end_index").AsInt64();
  annotation.cited_text = body.Find("content").AsString();  // OpenRouter's excerpt
  annotation.native_json = entry.Raw();
  return annotation;
}

}  // namespace

void EmitAnnotations(int32_t choice, json::Value annotations, Emitter& out) {
  for (const json::Value entry : annotations.elements()) {
    if (entry.is_object() && entry.is_filled()) out.Emit(ReadAnnotation(choice, entry));
  }
}

void AnswerRemarks::Read(const Chunk& chunk, Emitter& out) {
  using Subject = chat::Moderation::Subject;
  if (!SaysNothing(chunk.moderation)) {
    out.Emit(chat::Moderation{Subject::kUnknown, std::nullopt, AnyTrue(chunk.moderation, "flagged", 3),
                              chunk.moderation.Raw()});
  }
  if (Learn(chunk.prompt_filter_results, prompt_verdict_)) {
    verdict_waits_ = true;
    flagged_ = AnyTrue(chunk.prompt_filter_results, "filtered", 4);
  }
  if (cited_ || SaysNothing(chunk.citations)) return;
  cited_ = true;
  for (const json::Value url : chunk.citations.elements()) {
    chat::Annotation annotation;
    annotation.type = "citation";
    annotation.url = url.AsString();
    if (!annotation.url.empty()) out.Emit(annotation);
  }
}

void AnswerRemarks::Flush(Emitter& out) {
  if (!std::exchange(verdict_waits_, false)) return;
  out.Emit(chat::Moderation{chat::Moderation::Subject::kPrompt, std::nullopt, flagged_, prompt_verdict_});
}

void ChoiceVerdict::Read(int32_t choice, json::Value results, Emitter& out) {
  if (!Learn(results, last_)) return;
  out.Emit(
      chat::Moderation{chat::Moderation::Subject::kAnswer, choice, AnyTrue(results, "filtered", 2), results.Raw()});
}

}  // namespace sluice::dialect::openai
