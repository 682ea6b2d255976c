#include "server/edge/grpc/output_from_proto.h"

#include <string>
#include <utility>
#include <vector>

namespace sluice::edge {
namespace {

// TakeEnum and KnownEnum count on the two lists running in step.
static_assert(static_cast<int>(chat::Modality::kText) + 1 == v1::MODALITY_TEXT);
static_assert(static_cast<int>(chat::Modality::kAudio) + 1 == v1::MODALITY_AUDIO);
static_assert(static_cast<int>(chat::SearchContextSize::kMedium) + 1 == v1::SEARCH_CONTEXT_SIZE_MEDIUM);
static_assert(static_cast<int>(chat::SearchContextSize::kHigh) + 1 == v1::SEARCH_CONTEXT_SIZE_HIGH);

chat::ResponseFormat FormatFromProto(v1::ResponseFormat* proto, const Place& place, Violations& violations) {
  using Kind = chat::ResponseFormat::Kind;
  violations.RefuseUnknownFields(*proto, place);
  chat::ResponseFormat format;
  if (proto->has_text()) {
    violations.RefuseUnknownFields(proto->text(), Place(place, "text"));
    format.kind = Kind::kText;
  } else if (proto->has_json_object()) {
    violations.RefuseUnknownFields(proto->json_object(), Place(place, "json_object"));
    format.kind = Kind::kJsonObject;
  } else if (proto->has_json_schema()) {
    v1::JsonSchemaFormat* schema = proto->mutable_json_schema();
    violations.RefuseUnknownFields(*schema, Place(place, "json_schema"));
    format.kind = Kind::kJsonSchema;
    format.name = std::move(*schema->mutable_name());
    format.description = std::move(*schema->mutable_description());
    if (schema->has_schema_json()) format.schema_json = std::move(*schema->mutable_schema_json());
    if (schema->has_strict()) format.strict = schema->strict();
  }
  return format;
}

chat::AudioOutput AudioFromProto(v1::AudioOutput* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  return {std::move(*proto->mutable_voice()),
          Violations::KnownEnum<chat::AudioFormat>(proto->format(), v1::AudioFormat_MAX)};
}

std::vector<std::string> PredictionFromProto(v1::Prediction* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  std::vector<std::string> texts;
  if (proto->content_size() == 0) violations.Add(Place(place, "content"), "must hold at least one text part");
  for (int i = 0; i < proto->content_size(); ++i) {
    v1::ContentPart* part = proto->mutable_content(i);
    const Place at(place, "content", i);
    violations.RefuseUnknownFields(*part, at);
    if (part->has_prompt_cache_breakpoint()) {
      violations.Add(Place(at, "prompt_cache_breakpoint"), "a prediction is not cached: leave it out");
    }
    if (!part->has_text()) {
      violations.Add(at, "a prediction is made of text parts only");
      continue;
    }
    texts.push_back(std::move(*part->mutable_text()));
  }
  return texts;
}

chat::ModerationRequest ModerationFromProto(v1::Moderation* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  return {std::move(*proto->mutable_model()), std::move(*proto->mutable_policy_json())};
}

chat::WebSearch WebSearchFromProto(v1::WebSearchOptions* proto, const Place& place, Violations& violations) {
  violations.RefuseUnknownFields(*proto, place);
  chat::WebSearch search;
  search.context_size = violations.TakeEnum<chat::SearchContextSize>(
      proto->search_context_size(), v1::SearchContextSize_MAX, Place(place, "search_context_size"));
  if (!proto->has_user_location()) return search;
  v1::ApproximateLocation* location = proto->mutable_user_location();
  violations.RefuseUnknownFields(*location, Place(place, "user_location"));
  search.user_location = {std::move(*location->mutable_country()), std::move(*location->mutable_region()),
                          std::move(*location->mutable_city()), std::move(*location->mutable_timezone())};
  return search;
}

}  // namespace

void TakeOutput(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations) {
  if (proto->has_response_format()) {
    const Place at(place, "response_format");
    request->response_format = FormatFromProto(proto->mutable_response_format(), at, violations);
  }
  for (const int modality : proto->modalities()) {
    request->modalities.push_back(Violations::KnownEnum<chat::Modality>(modality, v1::Modality_MAX));
  }
  if (proto->has_audio()) request->audio = AudioFromProto(proto->mutable_audio(), Place(place, "audio"), violations);
  if (proto->has_prediction()) {
    request->prediction = PredictionFromProto(proto->mutable_prediction(), Place(place, "prediction"), violations);
  }
  if (proto->has_moderation()) {
    request->moderation = ModerationFromProto(proto->mutable_moderation(), Place(place, "moderation"), violations);
  }
  if (proto->has_web_search_options()) {
    const Place at(place, "web_search_options");
    request->web_search = WebSearchFromProto(proto->mutable_web_search_options(), at, violations);
  }
}

}  // namespace sluice::edge
