#include "tests/unit/edge_grpc/describe.h"

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sluice::edge {
namespace {

// Show: the text of one value, whatever its type.
std::string Show(const std::string& text) { return absl::StrCat("'", absl::CHexEscape(text), "'"); }
std::string Show(bool value) { return value ? "true" : "false"; }
std::string Show(double value) { return absl::StrCat(value); }
std::string Show(int32_t value) { return absl::StrCat(value); }
std::string Show(int64_t value) { return absl::StrCat(value); }

template <typename Enum, std::enable_if_t<std::is_enum_v<Enum>, int> = 0>
std::string Show(Enum value) {
  return absl::StrCat("#", static_cast<int>(value));
}

std::string Show(const chat::Text& part) { return absl::StrCat("text ", Show(part.text)); }
std::string Show(const chat::Refusal& part) { return absl::StrCat("refusal ", Show(part.text)); }
std::string Show(const chat::Opaque& part) { return absl::StrCat("opaque ", Show(part.data)); }
std::string Show(std::monostate) { return "nothing"; }

template <typename T>
std::string Show(const std::optional<T>& value);
template <typename A, typename B>
std::string Show(const std::pair<A, B>& value);
template <typename T>
std::string Show(const std::vector<T>& values);

template <typename... Members>
std::string Join(const char* name, const Members&... members) {
  std::string text = absl::StrCat(name, "(");
  (absl::StrAppend(&text, Show(members), " "), ...);
  return absl::StrCat(text, ")");
}

std::string Show(const chat::Image& part) { return Join("image", part.url, part.data, part.mime_type, part.detail); }
std::string Show(const chat::InputAudio& part) { return Join("audio", part.data, part.format); }
std::string Show(const chat::File& part) {
  return Join("file", part.file_id, part.data, part.filename, part.mime_type);
}
std::string Show(const chat::Part& part) {
  const std::string body = std::visit([](const auto& held) { return Show(held); }, part.body);
  return absl::StrCat(body, part.cache_breakpoint ? " breakpoint" : "");
}
std::string Show(const chat::ToolCall& call) { return Join("call", call.id, call.kind, call.name, call.arguments); }
std::string Show(const chat::Message& message) {
  return Join("message", message.role, message.content, message.name, message.tool_calls, message.tool_call_id,
              message.audio_id);
}
std::string Show(const chat::Grammar& grammar) { return Join("grammar", grammar.syntax, grammar.definition); }
std::string Show(const chat::Tool& tool) {
  return Join("tool", tool.kind, tool.name, tool.description, tool.parameters_json, tool.strict, tool.grammar);
}
std::string Show(const chat::ToolReference& reference) { return Join("ref", reference.kind, reference.name); }
std::string Show(const chat::ToolChoice& choice) {
  return Join("choice", choice.mode, choice.allowed_mode, choice.named);
}
std::string Show(const chat::ResponseFormat& format) {
  return Join("format", format.kind, format.name, format.description, format.schema_json, format.strict);
}
std::string Show(const chat::PromptCacheOptions& options) { return Join("cache", options.mode, options.ttl); }
std::string Show(const chat::AudioOutput& audio) { return Join("audio", audio.voice, audio.format); }
std::string Show(const chat::ModerationRequest& moderation) {
  return Join("moderation", moderation.model, moderation.policy_json);
}
std::string Show(const chat::Location& place) {
  return Join("location", place.country, place.region, place.city, place.timezone);
}
std::string Show(const chat::WebSearch& search) { return Join("search", search.context_size, search.user_location); }

template <typename T>
std::string Show(const std::optional<T>& value) {
  return value ? Show(*value) : "-";
}

template <typename A, typename B>
std::string Show(const std::pair<A, B>& value) {
  return absl::StrCat(Show(value.first), "=", Show(value.second));
}

template <typename T>
std::string Show(const std::vector<T>& values) {
  std::string text = "[";
  for (const T& value : values) absl::StrAppend(&text, Show(value), ", ");
  return absl::StrCat(text, "]");
}

}  // namespace

std::string Describe(const chat::Message& message) { return Show(message); }

std::string Describe(const chat::Request& r) {
  return absl::StrCat(
      Join("conversation", r.model, r.messages), "\n",
      Join("numbers", r.temperature, r.top_p, r.presence_penalty, r.frequency_penalty, r.n, r.max_completion_tokens,
           r.max_tokens, r.seed, r.logprobs, r.top_logprobs, r.logit_bias),
      "\n", Join("words", r.stop, r.reasoning_effort, r.verbosity, r.extra_json), "\n",
      Join("tools", r.tools, r.tool_choice, r.parallel_tool_calls), "\n",
      Join("output", r.response_format, r.modalities, r.audio, r.prediction, r.moderation, r.web_search), "\n",
      Join("account", r.store, r.metadata, r.service_tier, r.safety_identifier, r.user), "\n",
      Join("caching", r.prompt_cache_options, r.prompt_cache_retention, r.prompt_cache_key), "\n",
      Join("stream", r.include_usage, r.include_obfuscation));
}

}  // namespace sluice::edge
