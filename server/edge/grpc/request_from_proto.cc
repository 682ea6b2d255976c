#include "server/edge/grpc/request_from_proto.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/edge/grpc/message_from_proto.h"
#include "server/edge/grpc/output_from_proto.h"
#include "server/edge/grpc/tools_from_proto.h"

namespace sluice::edge {
namespace {

constexpr absl::Duration kShortestHeartbeat = absl::Seconds(1);
constexpr absl::Duration kLongestHeartbeat = absl::Minutes(5);

// TakeEnum counts on the two lists running in step.
static_assert(static_cast<int>(chat::ServiceTier::kFast) + 1 == v1::SERVICE_TIER_FAST);
static_assert(static_cast<int>(chat::ServiceTier::kFlex) + 1 == v1::SERVICE_TIER_FLEX);
static_assert(static_cast<int>(chat::ReasoningEffort::kMax) + 1 == v1::REASONING_EFFORT_MAX);
static_assert(static_cast<int>(chat::ReasoningEffort::kLow) + 1 == v1::REASONING_EFFORT_LOW);
static_assert(static_cast<int>(chat::Verbosity::kHigh) + 1 == v1::VERBOSITY_HIGH);
static_assert(static_cast<int>(chat::CacheRetention::k24h) + 1 == v1::PROMPT_CACHE_RETENTION_24H);
static_assert(static_cast<int>(chat::CacheMode::kExplicit) + 1 == v1::PROMPT_CACHE_MODE_EXPLICIT);

void TakeNumbers(v1::ChatRequest* proto, chat::Request* request) {
  if (proto->has_temperature()) request->temperature = proto->temperature();
  if (proto->has_top_p()) request->top_p = proto->top_p();
  if (proto->has_presence_penalty()) request->presence_penalty = proto->presence_penalty();
  if (proto->has_frequency_penalty()) request->frequency_penalty = proto->frequency_penalty();
  if (proto->has_n()) request->n = proto->n();
  if (proto->has_max_completion_tokens()) request->max_completion_tokens = proto->max_completion_tokens();
  if (proto->has_max_tokens()) request->max_tokens = proto->max_tokens();
  if (proto->has_seed()) request->seed = proto->seed();
  if (proto->has_logprobs()) request->logprobs = proto->logprobs();
  if (proto->has_top_logprobs()) request->top_logprobs = proto->top_logprobs();
  // A map has no order of its own; the same request is to be the same bytes upstream each time.
  for (const auto& [token, bias] : proto->logit_bias()) request->logit_bias.emplace_back(token, bias);
  std::sort(request->logit_bias.begin(), request->logit_bias.end());
}

void TakeWords(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations) {
  for (std::string& stop : *proto->mutable_stop()) request->stop.push_back(std::move(stop));
  request->reasoning_effort = violations.TakeEnum<chat::ReasoningEffort>(
      proto->reasoning_effort(), v1::ReasoningEffort_MAX, Place(place, "reasoning_effort"));
  request->verbosity =
      violations.TakeEnum<chat::Verbosity>(proto->verbosity(), v1::Verbosity_MAX, Place(place, "verbosity"));
  if (!proto->extra_json().empty()) request->extra_json = std::move(*proto->mutable_extra_json());
}

// What the provider keeps, of what it bills to whom.
void TakeAccount(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations) {
  if (proto->has_store()) request->store = proto->store();
  for (auto& [key, value] : *proto->mutable_metadata()) request->metadata.emplace_back(key, std::move(value));
  std::sort(request->metadata.begin(), request->metadata.end());
  request->service_tier =
      violations.TakeEnum<chat::ServiceTier>(proto->service_tier(), v1::ServiceTier_MAX, Place(place, "service_tier"));
  if (!proto->safety_identifier().empty()) request->safety_identifier = std::move(*proto->mutable_safety_identifier());
  if (!proto->user().empty()) request->user = std::move(*proto->mutable_user());
}

void TakeCaching(v1::ChatRequest* proto, const Place& place, chat::Request* request, Violations& violations) {
  if (!proto->prompt_cache_key().empty()) request->prompt_cache_key = std::move(*proto->mutable_prompt_cache_key());
  request->prompt_cache_retention = violations.TakeEnum<chat::CacheRetention>(
      proto->prompt_cache_retention(), v1::PromptCacheRetention_MAX, Place(place, "prompt_cache_retention"));
  if (!proto->has_prompt_cache_options()) return;
  v1::PromptCacheOptions* options = proto->mutable_prompt_cache_options();
  const Place at(place, "prompt_cache_options");
  violations.RefuseUnknownFields(*options, at);
  request->prompt_cache_options = {
      violations.TakeEnum<chat::CacheMode>(options->mode(), v1::PromptCacheMode_MAX, Place(at, "mode")),
      std::move(*options->mutable_ttl())};
}

void TakeStreamOptions(const v1::StreamOptions& proto, const Place& place, chat::Request* request,
                       Violations& violations) {
  violations.RefuseUnknownFields(proto, place);
  if (proto.has_include_usage()) request->include_usage = proto.include_usage();
  if (proto.has_include_obfuscation()) request->include_obfuscation = proto.include_obfuscation();
}

}  // namespace

std::optional<absl::Duration> HeartbeatInterval(const v1::ChatRequest& proto,
                                                std::vector<chat::FieldViolation>* found) {
  if (!proto.has_heartbeat_interval()) return std::nullopt;
  const auto& given = proto.heartbeat_interval();
  Violations violations(found);
  const Place root;
  const Place place(root, "heartbeat_interval");
  violations.RefuseUnknownFields(given, place);
  const absl::Duration interval = absl::Seconds(given.seconds()) + absl::Nanoseconds(given.nanos());
  if (interval >= kShortestHeartbeat && interval <= kLongestHeartbeat) return interval;
  violations.Add(place, absl::StrCat(absl::FormatDuration(interval), " is out of range: 1s to 5m"));
  return std::nullopt;
}

chat::Request RequestFromProto(v1::ChatRequest* proto, std::vector<chat::FieldViolation>* found) {
  Violations violations(found);
  const Place root;
  violations.RefuseUnknownFields(*proto, root);
  chat::Request request;
  request.model = std::move(*proto->mutable_model());
  request.messages.reserve(static_cast<size_t>(proto->messages_size()));
  for (int i = 0; i < proto->messages_size(); ++i) {
    request.messages.push_back(MessageFromProto(proto->mutable_messages(i), Place(root, "messages", i), violations));
  }
  TakeNumbers(proto, &request);
  TakeWords(proto, root, &request, violations);
  TakeTools(proto, root, &request, violations);
  TakeOutput(proto, root, &request, violations);
  TakeAccount(proto, root, &request, violations);
  TakeCaching(proto, root, &request, violations);
  TakeStreamOptions(proto->stream_options(), Place(root, "stream_options"), &request, violations);
  return request;
}

}  // namespace sluice::edge
