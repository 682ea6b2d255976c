#ifndef SLUICE_SERVER_CHAT_REQUEST_H_
#define SLUICE_SERVER_CHAT_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::chat {

enum class Role { kDeveloper, kSystem, kUser, kAssistant };

// One message of the conversation. Each text is a content part of its own; most messages have one.
struct Message {
  Role role = Role::kUser;
  std::vector<std::string> texts;
  std::string name;  // optional; "" is absent
};

enum class ServiceTier { kAuto, kDefault, kFlex, kScale, kPriority, kFast };
enum class ReasoningEffort { kNone, kMinimal, kLow, kMedium, kHigh, kXHigh, kMax };
enum class Verbosity { kLow, kMedium, kHigh };
enum class CacheRetention { kInMemory, k24h };

// A chat request as every dialect sees it. Absent (nullopt, "") means "leave it to the upstream's configuration,
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
  std::optional<bool> store;
  std::optional<ServiceTier> service_tier;
  std::optional<ReasoningEffort> reasoning_effort;
  std::optional<Verbosity> verbosity;
  std::optional<CacheRetention> prompt_cache_retention;
  std::string prompt_cache_key;
  std::string safety_identifier;
  std::string user;

  bool include_usage = true;  // whether the caller wants a usage event; the gateway asks upstream either way
};

}  // namespace sluice::chat

#endif  // SLUICE_SERVER_CHAT_REQUEST_H_
