#include "server/dialect/openai/encoder.h"

#include "absl/strings/str_cat.h"
#include "server/json/writer.h"

namespace sluice::dialect::openai {
namespace {

const char* Word(chat::Role role) {
  switch (role) {
    case chat::Role::kDeveloper:
      return "developer";
    case chat::Role::kSystem:
      return "system";
    case chat::Role::kUser:
      return "user";
    case chat::Role::kAssistant:
      return "assistant";
  }
  return "user";
}

const char* Word(chat::ServiceTier tier) {
  switch (tier) {
    case chat::ServiceTier::kAuto:
      return "auto";
    case chat::ServiceTier::kDefault:
      return "default";
    case chat::ServiceTier::kFlex:
      return "flex";
    case chat::ServiceTier::kScale:
      return "scale";
    case chat::ServiceTier::kPriority:
      return "priority";
    case chat::ServiceTier::kFast:
      return "fast";
  }
  return "auto";
}

const char* Word(chat::ReasoningEffort effort) {
  switch (effort) {
    case chat::ReasoningEffort::kNone:
      return "none";
    case chat::ReasoningEffort::kMinimal:
      return "minimal";
    case chat::ReasoningEffort::kLow:
      return "low";
    case chat::ReasoningEffort::kMedium:
      return "medium";
    case chat::ReasoningEffort::kHigh:
      return "high";
    case chat::ReasoningEffort::kXHigh:
      return "xhigh";
    case chat::ReasoningEffort::kMax:
      return "max";
  }
  return "medium";
}

const char* Word(chat::Verbosity verbosity) {
  switch (verbosity) {
    case chat::Verbosity::kLow:
      return "low";
    case chat::Verbosity::kMedium:
      return "medium";
    case chat::Verbosity::kHigh:
      return "high";
  }
  return "medium";
}

const char* Word(chat::CacheRetention retention) {
  switch (retention) {
    case chat::CacheRetention::kInMemory:
      return "in_memory";
    case chat::CacheRetention::k24h:
      return "24h";
  }
  return "in_memory";
}

// Members that are left out when the caller left them out.
void Put(json::Writer& json, absl::string_view key, const std::optional<double>& value) {
  if (value.has_value()) json.Key(key).Double(*value);
}
void Put(json::Writer& json, absl::string_view key, const std::optional<int32_t>& value) {
  if (value.has_value()) json.Key(key).Int(*value);
}
void Put(json::Writer& json, absl::string_view key, const std::optional<int64_t>& value) {
  if (value.has_value()) json.Key(key).Int(*value);
}
void Put(json::Writer& json, absl::string_view key, const std::optional<bool>& value) {
  if (value.has_value()) json.Key(key).Bool(*value);
}
void Put(json::Writer& json, absl::string_view key, const std::string& value) {
  if (!value.empty()) json.Member(key, value);
}
template <typename Enum>
requires std::is_enum_v<Enum>
void Put(json::Writer& json, absl::string_view key, const std::optional<Enum>& value) {
  if (value.has_value()) json.Member(key, Word(*value));
}

void PutMessage(json::Writer& json, const chat::Message& message) {
  json.StartObject().Member("role", Word(message.role)).Key("content");
  // A sole text goes as a plain string: every server takes that, and not every one takes parts.
  if (message.texts.size() == 1) {
    json.String(message.texts[0]);
  } else {
    json.StartArray();
    for (const std::string& text : message.texts) {
      json.StartObject().Member("type", "text").Member("text", text).EndObject();
    }
    json.EndArray();
  }
  Put(json, "name", message.name);
  json.EndObject();
}

// Sampling and length, with the target's defaults where the caller said nothing.
void PutGeneration(json::Writer& json, const chat::Request& request, const Target& target) {
  Put(json, "temperature", request.temperature.has_value() ? request.temperature : target.default_temperature);
  Put(json, "top_p", request.top_p);
  Put(json, "presence_penalty", request.presence_penalty);
  Put(json, "frequency_penalty", request.frequency_penalty);
  Put(json, "n", request.n);
  Put(json, "max_completion_tokens", request.max_completion_tokens);
  // The two names of the limit exclude each other, so the default stands back for either.
  const bool limited = request.max_tokens.has_value() || request.max_completion_tokens.has_value();
  Put(json, "max_tokens", limited ? request.max_tokens : target.default_max_tokens);
  if (!request.stop.empty()) {
    json.Key("stop").StartArray();
    for (const std::string& stop : request.stop) json.String(stop);
    json.EndArray();
  }
  Put(json, "seed", request.seed);
  Put(json, "logprobs", request.logprobs);
  Put(json, "top_logprobs", request.top_logprobs);
  Put(json, "reasoning_effort", request.reasoning_effort);
  Put(json, "verbosity", request.verbosity);
}

std::string ChatBody(const chat::Request& request, const Target& target) {
  std::string body;
  json::Writer json(body);
  json.StartObject().Member("model", request.model).Key("messages").StartArray();
  for (const chat::Message& message : request.messages) PutMessage(json, message);
  json.EndArray().Key("stream").Bool(true);
  json.Key("stream_options").StartObject().Key("include_usage").Bool(true).EndObject();
  PutGeneration(json, request, target);
  Put(json, "store", request.store);
  Put(json, "service_tier", request.service_tier);
  Put(json, "prompt_cache_retention", request.prompt_cache_retention);
  Put(json, "prompt_cache_key", request.prompt_cache_key);
  Put(json, "safety_identifier", request.safety_identifier);
  Put(json, "user", request.user);
  json.EndObject();
  return body;
}

void AddTargetHeaders(const Target& target, Headers& headers) {
  if (!target.api_key.empty()) headers.emplace_back("Authorization", absl::StrCat("Bearer ", target.api_key));
  headers.insert(headers.end(), target.headers.begin(), target.headers.end());
}

}  // namespace

HttpRequest EncodeChat(const chat::Request& request, const Target& target) {
  HttpRequest http;
  http.method = "POST";
  http.url = absl::StrCat(target.base_url, "/chat/completions");
  http.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
  AddTargetHeaders(target, http.headers);
  http.body = ChatBody(request, target);
  return http;
}

HttpRequest EncodeListModels(const Target& target) {
  HttpRequest http;
  http.method = "GET";
  http.url = absl::StrCat(target.base_url, "/models");
  http.headers = {{"Accept", "application/json"}};
  AddTargetHeaders(target, http.headers);
  return http;
}

}  // namespace sluice::dialect::openai
