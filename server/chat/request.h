#ifndef SLUICE_SERVER_CHAT_REQUEST_H_
#define SLUICE_SERVER_CHAT_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/chat/message.h"

namespace sluice::chat {

enum class ServiceTier { kAuto, kDefault, kFlex, kScale, kPriority, kFast };
enum class ReasoningEffort { kNone, kMinimal, kLow, kMedium, kHigh, kXHigh, kMax };
enum class Verbosity { kLow, kMedium, kHigh };
enum class CacheRetention { kInMemory, k24h };
enum class CacheMode { kImplicit, kExplicit };
enum class Modality { kText, kAudio };
enum class SearchContextSize { kLow, kMedium, kHigh };
enum class GrammarSyntax { kLark, kRegex };

struct Grammar {
  std::optional<GrammarSyntax> syntax;  // required
  std::string definition;
};

// A function, or a tool that takes free text. *_json members here and below are one JSON object each, and go upstream
// byte for byte.
struct Tool {
  std::optional<ToolKind> kind;  // required; nullopt: the caller named none
  std::string name;
  std::string description;
  std::optional<std::string> parameters_json;  // kFunction
  std::optional<bool> strict;                  // kFunction
  std::optional<Grammar> grammar;              // kCustom
};

struct ToolReference {
  std::optional<ToolKind> kind;  // required
  std::string name;
};

// kNamed: the model must call named[0]. kAllowed: only the tools in `named` exist for this answer, and `allowed_mode`
// (kAuto or kRequired) says whether one has to be called.
struct ToolChoice {
  enum class Mode { kNone, kAuto, kRequired, kNamed, kAllowed };
  std::optional<Mode> mode;  // required
  std::optional<Mode> allowed_mode;
  std::vector<ToolReference> named;
};

struct ResponseFormat {
  enum class Kind { kText, kJsonObject, kJsonSchema };
  std::optional<Kind> kind;  // required
  std::string name;          // this and the rest: kJsonSchema
  std::string description;
  std::optional<std::string> schema_json;
  std::optional<bool> strict;
};

struct PromptCacheOptions {
  std::optional<CacheMode> mode;
  std::string ttl;
};

struct AudioOutput {
  std::string voice;
  std::optional<AudioFormat> format;  // required
};

struct ModerationRequest {
  std::string model;
  std::string policy_json;  // "" is absent
};

struct Location {
  std::string country;
  std::string region;
  std::string city;
  std::string timezone;
};

struct WebSearch {
  std::optional<SearchContextSize> context_size;
  std::optional<Location> user_location;
};

// A chat request as every dialect sees it. Absent (nullopt, "", empty) means "leave it to the upstream's configuration,
// else to the upstream"; a caller's zero stays zero. Ranges: see validate.h. All text is valid UTF-8.
struct Request {
  std::string model;
  std::vector<Message> messages;

  std::optional<double> temperature;
  std::optional<double> top_p;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<int32_t> n;
  std::optional<int32_t> max_completion_tokens;  // includes reasoning tokens
  std::optional<int32_t> max_tokens;             // the older name; o-series and gpt-5 refuse it
  std::vector<std::string> stop;
  std::optional<int64_t> seed;
  std::optional<bool> logprobs;
  std::optional<int32_t> top_logprobs;
  std::vector<std::pair<int64_t, int32_t>> logit_bias;  // token id, bias; in order of the id
  std::optional<ReasoningEffort> reasoning_effort;
  std::optional<Verbosity> verbosity;

  std::vector<Tool> tools;
  std::optional<ToolChoice> tool_choice;
  std::optional<bool> parallel_tool_calls;
  std::optional<ResponseFormat> response_format;
  std::vector<std::optional<Modality>> modalities;  // nullopt: the caller sent a value that is none
  std::optional<AudioOutput> audio;
  std::vector<std::string> prediction;  // texts
  std::optional<ModerationRequest> moderation;
  std::optional<WebSearch> web_search;

  std::optional<bool> store;
  std::vector<std::pair<std::string, std::string>> metadata;  // in order of the key
  std::optional<ServiceTier> service_tier;
  std::optional<PromptCacheOptions> prompt_cache_options;
  std::optional<CacheRetention> prompt_cache_retention;
  std::string prompt_cache_key;
  std::string safety_identifier;
  std::string user;

  std::string extra_json;  // members for the upstream's request beside those above; "" is none

  bool include_usage = true;  // whether the caller wants a usage event; the gateway asks upstream either way
  std::optional<bool> include_obfuscation;
};

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_REQUEST_H_
