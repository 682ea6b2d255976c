#include "server/dialect/anthropic/citation.h"

namespace sluice::dialect::anthropic {
namespace {

absl::string_view FirstFilled(json::Value first, json::Value second) {
  return first.is_filled() ? first.AsString() : second.AsString();
}

}  // namespace

void EmitCitation(json::Value citation, Emitter& out) {
  if (!citation.is_object() || !citation.is_filled()) return;
  chat::Annotation annotation;
  annotation.type = citation.Find("type").AsString();
  annotation.url = FirstFilled(citation.Find("url"), citation.Find("source"));  // the latter: search_result_location
  annotation.title = FirstFilled(citation.Find("title"), citation.Find("document_title"));
  annotation.cited_text = citation.Find("cited_text").AsString();
  annotation.native_json = citation.Raw();
  out.Emit(annotation);
}

}  // namespace sluice::dialect::anthropic
