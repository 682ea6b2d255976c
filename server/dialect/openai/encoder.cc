#include "server/dialect/openai/encoder.h"

#include "server/dialect/endpoint.h"
#include "server/dialect/extra.h"
#include "server/dialect/openai/message_encoder.h"
#include "server/dialect/openai/tool_encoder.h"
#include "server/dialect/openai/words.h"
#include "server/json/writer.h"

namespace sluice::dialect::openai {
namespace {

constexpr Endpoint kEndpoint = {"/chat/completions", "/models", "Authorization", "Bearer "};

void PutStreamOptions(json::Writer& json, const chat::Request& request, const Target& target) {
  json.Key("stream").Bool(true);
  if (!target.ask_usage) return;
  json.Key("stream_options").StartObject().Key("include_usage").Bool(true);
  Put(json, "include_obfuscation", request.include_obfuscation);
  json.EndObject();
}

void PutTokenLimit(json::Writer& json, const chat::Request& request, const Target& target) {
  const auto limit = WithDefaults(request, target).max_tokens;
  switch (target.token_limit_name) {
    case TokenLimitName::kAsAsked:
      if (!request.max_completion_tokens.has_value()) return Put(json, "max_tokens", limit);
      Put(json, "max_completion_tokens", limit);
      return Put(json, "max_tokens", request.max_tokens);
    case TokenLimitName::kMaxTokens:
      return Put(json, "max_tokens", limit);
    case TokenLimitName::kMaxCompletionTokens:
      return Put(json, "max_completion_tokens", limit);
  }
}

void PutStop(json::Writer& json, const std::vector<std::string>& stops) {
  if (stops.empty()) return;
  json.Key("stop").StartArray();
  for (const std::string& stop : stops) json.String(stop);
  json.EndArray();
}

// Sampling and length, with the target's defaults where the caller said nothing.
void PutGeneration(json::Writer& json, const chat::Request& request, const Target& target) {
  Put(json, "temperature", WithDefaults(request, target).temperature);
  Put(json, "top_p", request.top_p);
  Put(json, "presence_penalty", request.presence_penalty);
  Put(json, "frequency_penalty", request.frequency_penalty);
  Put(json, "n", request.n);
  PutTokenLimit(json, request, target);
  PutStop(json, request.stop);
  Put(json, "seed", request.seed);
  Put(json, "logprobs", request.logprobs);
  Put(json, "top_logprobs", request.top_logprobs);
  if (!request.logit_bias.empty()) {
    json.Key("logit_bias").StartObject();
    for (const auto& [token, bias] : request.logit_bias) json.Key(std::to_string(token)).Int(bias);
    json.EndObject();
  }
  Put(json, "reasoning_effort", request.reasoning_effort);
  Put(json, "verbosity", request.verbosity);
}

void PutPrediction(json::Writer& json, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.Key("prediction").StartObject().Member("type", "content").Key("content");
  if (texts.size() == 1) {
    json.String(texts[0]);
  } else {
    json.StartArray();
    for (const std::string& text : texts) {
      json.StartObject().Member("type", "text").Member("text", text).EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
}

void PutWebSearch(json::Writer& json, const chat::WebSearch& search) {
  json.Key("web_search_options").StartObject();
  Put(json, "search_context_size", search.context_size);
  if (search.user_location) {
    json.Key("user_location").StartObject().Member("type", "approximate").Key("approximate").StartObject();
    Put(json, "country", search.user_location->country);
    Put(json, "region", search.user_location->region);
    Put(json, "city", search.user_location->city);
    Put(json, "timezone", search.user_location->timezone);
    json.EndObject().EndObject();
  }
  json.EndObject();
}

void PutOutput(json::Writer& json, const chat::Request& request) {
  if (!request.modalities.empty()) {
    json.Key("modalities").StartArray();
    for (const auto& modality : request.modalities) json.String(Word(modality.value_or(chat::Modality::kText)));
    json.EndArray();
  }
  if (request.audio) {
    json.Key("audio").StartObject().Member("voice", request.audio->voice);
    Put(json, "format", request.audio->format);
    json.EndObject();
  }
  PutPrediction(json, request.prediction);
  if (request.moderation) {
    json.Key("moderation").StartObject().Member("model", request.moderation->model);
    if (!request.moderation->policy_json.empty()) json.Key("policy").Raw(request.moderation->policy_json);
    json.EndObject();
  }
  if (request.web_search) PutWebSearch(json, *request.web_search);
}

// What concerns the account rather than the answer.
void PutAccount(json::Writer& json, const chat::Request& request) {
  Put(json, "store", request.store);
  if (!request.metadata.empty()) {
    json.Key("metadata").StartObject();
    for (const auto& [key, value] : request.metadata) json.Member(key, value);
    json.EndObject();
  }
  Put(json, "service_tier", request.service_tier);
  if (request.prompt_cache_options) {
    json.Key("prompt_cache_options").StartObject();
    Put(json, "mode", request.prompt_cache_options->mode);
    Put(json, "ttl", request.prompt_cache_options->ttl);
    json.EndObject();
  }
  Put(json, "prompt_cache_retention", request.prompt_cache_retention);
  Put(json, "prompt_cache_key", request.prompt_cache_key);
  Put(json, "safety_identifier", request.safety_identifier);
  Put(json, "user", request.user);
}

std::string ChatBody(const chat::Request& request, const Target& target) {
  std::string body;
  json::Writer json(body);
  json.StartObject().Member("model", request.model).Key("messages").StartArray();
  for (const chat::Message& message : request.messages) PutMessage(json, message);
  json.EndArray();
  PutStreamOptions(json, request, target);
  PutGeneration(json, request, target);
  PutTools(json, request);
  PutOutput(json, request);
  PutAccount(json, request);
  PutExtra(json, request.extra_json);
  json.EndObject();
  return body;
}

}  // namespace

HttpRequest EncodeChat(const chat::Request& request, const Target& target) {
  HttpRequest http = ChatRequestTo(target, kEndpoint, request.model);
  http.body = ChatBody(request, target);
  return http;
}

HttpRequest EncodeListModels(const Target& target) { return ListModelsRequestTo(target, kEndpoint); }

}  // namespace sluice::dialect::openai
