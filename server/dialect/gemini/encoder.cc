#include "server/dialect/gemini/encoder.h"

#include <optional>
#include <string>
#include <type_traits>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "server/dialect/endpoint.h"
#include "server/dialect/extra.h"
#include "server/dialect/gemini/contents.h"
#include "server/dialect/gemini/fit.h"
#include "server/dialect/gemini/thinking.h"
#include "server/dialect/gemini/tools.h"
#include "server/json/writer.h"

namespace sluice::dialect::gemini {
namespace {

constexpr Endpoint kEndpoint = {"/models/{model}:streamGenerateContent?alt=sse", "/models?pageSize=1000",
                                "x-goog-api-key", ""};
constexpr Endpoint kWholePath = {"/{model}:streamGenerateContent?alt=sse", kEndpoint.models_path, kEndpoint.auth_header,
                                 kEndpoint.auth_prefix};

template <typename Number>
void PutNumber(json::Writer& json, absl::string_view key, const std::optional<Number>& value) {
  if (!value) return;
  json.Key(key);
  if constexpr (std::is_floating_point_v<Number>) {
    json.Double(*value);
  } else {
    json.Int(*value);
  }
}

void PutSampling(json::Writer& json, const chat::Request& request, const Target& target) {
  const Generation generation = WithDefaults(request, target);
  PutNumber(json, "temperature", generation.temperature);
  PutNumber(json, "topP", request.top_p);
  PutNumber(json, "candidateCount", request.n);
  PutNumber(json, "maxOutputTokens", generation.max_tokens);
  if (!request.stop.empty()) {
    json.Key("stopSequences").StartArray();
    for (const std::string& stop : request.stop) json.String(stop);
    json.EndArray();
  }
  PutNumber(json, "presencePenalty", request.presence_penalty);
  PutNumber(json, "frequencyPenalty", request.frequency_penalty);
  PutNumber(json, "seed", request.seed);
  if (request.logprobs.value_or(false)) json.Key("responseLogprobs").Bool(true);
  PutNumber(json, "logprobs", request.top_logprobs);
}

void PutFormat(json::Writer& json, const chat::Request& request) {
  using Kind = chat::ResponseFormat::Kind;
  if (!request.modalities.empty()) json.Key("responseModalities").StartArray().String("TEXT").EndArray();
  if (!request.response_format || request.response_format->kind.value_or(Kind::kText) == Kind::kText) return;
  json.Member("responseMimeType", "application/json");
  if (request.response_format->schema_json) json.Key("responseJsonSchema").Raw(*request.response_format->schema_json);
}

void PutThinking(json::Writer& json, const chat::Request& request, const Target& target) {
  if (!request.reasoning_effort) return;
  const std::optional<Thinking> thinking = ThinkingOf(*request.reasoning_effort, target.reasoning);
  if (!thinking) return;
  json.Key("thinkingConfig").StartObject();
  if (thinking->level != nullptr) {
    json.Member("thinkingLevel", thinking->level);
  } else {
    json.Key("thinkingBudget").Int(thinking->budget);
  }
  if (thinking->any()) json.Key("includeThoughts").Bool(true);
  json.EndObject();
}

std::string GenerationConfig(const chat::Request& request, const Target& target) {
  std::string config;
  json::Writer json(config);
  json.StartObject();
  PutSampling(json, request, target);
  PutFormat(json, request);
  PutThinking(json, request, target);
  PutExtraWithin(json, request.extra_json, kGenerationConfig);
  json.EndObject();
  return config;
}

std::string ChatBody(const chat::Request& request, const Target& target) {
  std::string body;
  json::Writer json(body);
  json.StartObject();
  PutContents(json, request.messages);
  PutTools(json, request);
  if (const std::string config = GenerationConfig(request, target); config != "{}") {
    json.Key(kGenerationConfig).Raw(config);
  }
  PutExtra(json, request.extra_json, kGenerationConfig);
  json.EndObject();
  return body;
}

}  // namespace

HttpRequest EncodeChat(const chat::Request& request, const Target& target) {
  const absl::string_view model = absl::StripPrefix(request.model, "models/");
  HttpRequest http = ChatRequestTo(target, absl::StrContains(model, '/') ? kWholePath : kEndpoint, model);
  http.body = ChatBody(request, target);
  return http;
}

HttpRequest EncodeListModels(const Target& target) { return ListModelsRequestTo(target, kEndpoint); }

}  // namespace sluice::dialect::gemini
