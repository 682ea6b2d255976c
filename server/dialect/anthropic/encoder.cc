#include "server/dialect/anthropic/encoder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "server/dialect/anthropic/cache.h"
#include "server/dialect/anthropic/message_encoder.h"
#include "server/dialect/anthropic/thinking.h"
#include "server/dialect/anthropic/tool_encoder.h"
#include "server/dialect/endpoint.h"
#include "server/dialect/extra.h"
#include "server/json/writer.h"

namespace sluice::dialect::anthropic {
namespace {

constexpr Endpoint kEndpoint = {"/messages", "/models?limit=1000", "x-api-key", ""};
constexpr absl::string_view kVersionHeader = "anthropic-version";

void AddVersion(HttpRequest* http) {
  const bool given = std::any_of(http->headers.begin(), http->headers.end(), [](const auto& header) {
    return absl::EqualsIgnoreCase(header.first, kVersionHeader);
  });
  if (!given) http->headers.emplace_back(std::string(kVersionHeader), "2023-06-01");
}

void PutGeneration(json::Writer& json, const chat::Request& request, const Target& target) {
  const Generation generation = GenerationOf(request, target);
  json.Key("max_tokens").Int(*generation.max_tokens);
  if (generation.temperature) json.Key("temperature").Double(*generation.temperature);
  if (request.top_p) json.Key("top_p").Double(*request.top_p);
  if (request.stop.empty()) return;
  json.Key("stop_sequences").StartArray();
  for (const std::string& stop : request.stop) json.String(stop);
  json.EndArray();
}

void PutThinking(json::Writer& json, const chat::Request& request, const Target& target) {
  if (!request.reasoning_effort) return;
  json.Key("thinking").StartObject();
  if (!Thinks(request)) {
    json.Member("type", "disabled");
  } else if (target.reasoning == ReasoningStyle::kEffort) {
    json.Member("type", "adaptive");
  } else {
    json.Member("type", "enabled").Key("budget_tokens").Int(ThinkingBudget(request, target).value_or(kLeastBudget));
  }
  json.EndObject();
}

// Anthropic's word for how hard to think, or nullptr where nothing is said.
const char* EffortWord(const chat::Request& request, const Target& target) {
  using enum chat::ReasoningEffort;
  if (target.reasoning != ReasoningStyle::kEffort) return nullptr;
  switch (request.reasoning_effort.value_or(kNone)) {
    case kNone:
    case kMinimal:
      return nullptr;
    case kLow:
      return "low";
    case kMedium:
      return "medium";
    case kHigh:
      return "high";
    case kXHigh:
      return "xhigh";
    case kMax:
      return "max";
  }
  return nullptr;
}

void PutOutputConfig(json::Writer& json, const chat::Request& request, const Target& target) {
  const char* const effort = EffortWord(request, target);
  const bool schema = request.response_format && request.response_format->schema_json;
  if (effort == nullptr && !schema) return;
  json.Key("output_config").StartObject();
  if (effort != nullptr) json.Member("effort", effort);
  if (schema) {
    json.Key("format").StartObject().Member("type", "json_schema");
    json.Key("schema").Raw(*request.response_format->schema_json).EndObject();
  }
  json.EndObject();
}

void PutAccount(json::Writer& json, const chat::Request& request) {
  const std::string& user = request.safety_identifier.empty() ? request.user : request.safety_identifier;
  if (!user.empty()) json.Key("metadata").StartObject().Member("user_id", user).EndObject();
  if (request.service_tier) {
    json.Member("service_tier", request.service_tier == chat::ServiceTier::kAuto ? "auto" : "standard_only");
  }
}

std::string ChatBody(const chat::Request& request, const Target& target) {
  std::string body;
  json::Writer json(body);
  const CacheControl cache(request);
  json.StartObject().Member("model", request.model);
  PutMessages(json, request.messages, cache);
  json.Key("stream").Bool(true);
  PutGeneration(json, request, target);
  PutThinking(json, request, target);
  PutTools(json, request);
  PutOutputConfig(json, request, target);
  PutAccount(json, request);
  if (request.prompt_cache_options && request.prompt_cache_options->mode == chat::CacheMode::kImplicit) cache.Put(json);
  PutExtra(json, request.extra_json);
  json.EndObject();
  return body;
}

}  // namespace

// A model that thinks takes no temperature but its own, so the target's default stands back then; what a caller asks
// for goes out, to be judged by the upstream.
Generation GenerationOf(const chat::Request& request, const Target& target) {
  Generation out;
  out.temperature = request.temperature || Thinks(request) ? request.temperature : target.default_temperature;
  out.max_tokens = MaxTokens(request, target);
  return out;
}

HttpRequest EncodeChat(const chat::Request& request, const Target& target) {
  HttpRequest http = ChatRequestTo(target, kEndpoint, request.model);
  AddVersion(&http);
  http.body = ChatBody(request, target);
  return http;
}

HttpRequest EncodeListModels(const Target& target) {
  HttpRequest http = ListModelsRequestTo(target, kEndpoint);
  AddVersion(&http);
  return http;
}

}  // namespace sluice::dialect::anthropic
