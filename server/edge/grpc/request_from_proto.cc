#include "server/edge/grpc/request_from_proto.h"

#include <google/protobuf/unknown_field_set.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::edge {
namespace {

using Violations = std::vector<chat::FieldViolation>;

// A request of 32 MiB can be wrong in millions of places; a caller mends the first of them and sees.
constexpr size_t kMostViolations = 1000;
constexpr absl::Duration kShortestHeartbeat = absl::Seconds(1);
constexpr absl::Duration kLongestHeartbeat = absl::Minutes(5);
constexpr char kUntranslated[] = "this gateway does not translate this field: leave it out";

class Converter {
 public:
  Converter(v1::ChatRequest* proto, Violations* violations) : proto_(*proto), violations_(*violations) {}

  chat::Request Convert() {
    RefuseUnknown(proto_, "");
    RefuseUntranslated();
    chat::Request request;
    request.model = std::move(*proto_.mutable_model());
    request.messages.reserve(static_cast<size_t>(proto_.messages_size()));
    for (int i = 0; i < proto_.messages_size(); ++i) {
      request.messages.push_back(ConvertMessage(proto_.mutable_messages(i), absl::StrCat("messages[", i, "]")));
    }
    CopyNumbers(&request);
    CopyChoices(&request);
    request.prompt_cache_key = std::move(*proto_.mutable_prompt_cache_key());
    request.safety_identifier = std::move(*proto_.mutable_safety_identifier());
    request.user = std::move(*proto_.mutable_user());
    for (std::string& stop : *proto_.mutable_stop()) request.stop.push_back(std::move(stop));
    if (proto_.stream_options().has_include_usage()) {
      request.include_usage = proto_.stream_options().include_usage();
    }
    return request;
  }

 private:
  void Refuse(bool present, std::string field, absl::string_view why = kUntranslated) {
    if (present && violations_.size() < kMostViolations) violations_.push_back({std::move(field), std::string(why)});
  }

  void RefuseUnknown(const google::protobuf::Message& message, absl::string_view path) {
    if (violations_.size() < kMostViolations) RefuseUnknownFields(message, path, &violations_);
  }

  void RefuseUntranslated() {
    Refuse(proto_.tools_size() > 0, "tools");
    Refuse(proto_.has_tool_choice(), "tool_choice");
    Refuse(proto_.has_parallel_tool_calls(), "parallel_tool_calls");
    Refuse(proto_.has_response_format(), "response_format");
    Refuse(proto_.logit_bias_size() > 0, "logit_bias");
    Refuse(proto_.metadata_size() > 0, "metadata");
    Refuse(proto_.has_prompt_cache_options(), "prompt_cache_options");
    Refuse(proto_.modalities_size() > 0, "modalities");
    Refuse(proto_.has_audio(), "audio");
    Refuse(proto_.has_prediction(), "prediction");
    Refuse(proto_.has_moderation(), "moderation");
    Refuse(proto_.has_web_search_options(), "web_search_options");
    Refuse(proto_.stream_options().has_include_obfuscation(), "stream_options.include_obfuscation");
    Refuse(!proto_.extra_json().empty(), "extra_json");
    RefuseUnknown(proto_.stream_options(), "stream_options");
  }

  chat::Message ConvertMessage(v1::Message* proto, const std::string& path) {
    chat::Message message;
    RefuseUnknown(*proto, path);
    if (const auto role = ConvertRole(proto->role())) {
      message.role = *role;
    } else {
      Refuse(true, absl::StrCat(path, ".role"), "must be DEVELOPER, SYSTEM, USER or ASSISTANT");
    }
    Refuse(proto->tool_calls_size() > 0, absl::StrCat(path, ".tool_calls"));
    Refuse(!proto->tool_call_id().empty(), absl::StrCat(path, ".tool_call_id"));
    Refuse(!proto->audio_id().empty(), absl::StrCat(path, ".audio_id"));
    message.name = std::move(*proto->mutable_name());
    message.texts.reserve(static_cast<size_t>(proto->content_size()));
    for (int i = 0; i < proto->content_size(); ++i) {
      v1::ContentPart* part = proto->mutable_content(i);
      const std::string part_path = absl::StrCat(path, ".content[", i, "]");
      RefuseUnknown(*part, part_path);
      Refuse(part->has_prompt_cache_breakpoint(), absl::StrCat(part_path, ".prompt_cache_breakpoint"));
      Refuse(!part->has_text(), part_path, "this gateway translates text parts only: set text");
      message.texts.push_back(std::move(*part->mutable_text()));
    }
    return message;
  }

  static std::optional<chat::Role> ConvertRole(v1::Role role) {
    switch (role) {
      case v1::ROLE_DEVELOPER:
        return chat::Role::kDeveloper;
      case v1::ROLE_SYSTEM:
        return chat::Role::kSystem;
      case v1::ROLE_USER:
        return chat::Role::kUser;
      case v1::ROLE_ASSISTANT:
        return chat::Role::kAssistant;
      default:
        return std::nullopt;
    }
  }

  void CopyNumbers(chat::Request* request) const {
    if (proto_.has_temperature()) request->temperature = proto_.temperature();
    if (proto_.has_top_p()) request->top_p = proto_.top_p();
    if (proto_.has_presence_penalty()) request->presence_penalty = proto_.presence_penalty();
    if (proto_.has_frequency_penalty()) request->frequency_penalty = proto_.frequency_penalty();
    if (proto_.has_n()) request->n = proto_.n();
    if (proto_.has_max_completion_tokens()) request->max_completion_tokens = proto_.max_completion_tokens();
    if (proto_.has_max_tokens()) request->max_tokens = proto_.max_tokens();
    if (proto_.has_seed()) request->seed = proto_.seed();
    if (proto_.has_logprobs()) request->logprobs = proto_.logprobs();
    if (proto_.has_top_logprobs()) request->top_logprobs = proto_.top_logprobs();
    if (proto_.has_store()) request->store = proto_.store();
  }

  // The plain enums list the contract's values in its order, without UNSPECIFIED, which is absence.
  template <typename Plain>
  std::optional<Plain> CopyEnum(int value, int last, const char* field) {
    if (value == 0) return std::nullopt;
    if (value < 0 || value > last) {
      Refuse(true, field, absl::StrCat("value ", value, " is not in this gateway's contract"));
      return std::nullopt;
    }
    return static_cast<Plain>(value - 1);
  }

  void CopyChoices(chat::Request* request) {
    request->service_tier = CopyEnum<chat::ServiceTier>(proto_.service_tier(), v1::ServiceTier_MAX, "service_tier");
    request->reasoning_effort =
        CopyEnum<chat::ReasoningEffort>(proto_.reasoning_effort(), v1::ReasoningEffort_MAX, "reasoning_effort");
    request->verbosity = CopyEnum<chat::Verbosity>(proto_.verbosity(), v1::Verbosity_MAX, "verbosity");
    request->prompt_cache_retention = CopyEnum<chat::CacheRetention>(
        proto_.prompt_cache_retention(), v1::PromptCacheRetention_MAX, "prompt_cache_retention");
  }

  v1::ChatRequest& proto_;
  Violations& violations_;
};

// CopyEnum counts on the two lists running in step.
static_assert(static_cast<int>(chat::ServiceTier::kFast) + 1 == v1::SERVICE_TIER_FAST);
static_assert(static_cast<int>(chat::ServiceTier::kFlex) + 1 == v1::SERVICE_TIER_FLEX);
static_assert(static_cast<int>(chat::ReasoningEffort::kMax) + 1 == v1::REASONING_EFFORT_MAX);
static_assert(static_cast<int>(chat::ReasoningEffort::kLow) + 1 == v1::REASONING_EFFORT_LOW);
static_assert(static_cast<int>(chat::Verbosity::kHigh) + 1 == v1::VERBOSITY_HIGH);
static_assert(static_cast<int>(chat::CacheRetention::k24h) + 1 == v1::PROMPT_CACHE_RETENTION_24H);

}  // namespace

// Such a field is of a newer contract: to drop it would be to answer half the question.
void RefuseUnknownFields(const google::protobuf::Message& message, absl::string_view path, Violations* violations) {
  const google::protobuf::UnknownFieldSet& unknown = message.GetReflection()->GetUnknownFields(message);
  if (unknown.empty()) return;
  violations->push_back(
      {std::string(path),
       absl::StrCat("field number ", unknown.field(0).number(), " of ", message.GetDescriptor()->full_name(),
                    " is of a newer contract than this gateway's: leave it out, or upgrade the gateway")});
}

std::optional<absl::Duration> HeartbeatInterval(const v1::ChatRequest& proto, Violations* violations) {
  if (!proto.has_heartbeat_interval()) return std::nullopt;
  const auto& given = proto.heartbeat_interval();
  const absl::Duration interval = absl::Seconds(given.seconds()) + absl::Nanoseconds(given.nanos());
  if (interval >= kShortestHeartbeat && interval <= kLongestHeartbeat) return interval;
  violations->push_back(
      {"heartbeat_interval", absl::StrCat(absl::FormatDuration(interval), " is out of range: 1s to 5m")});
  return std::nullopt;
}

chat::Request RequestFromProto(v1::ChatRequest* proto, Violations* violations) {
  return Converter(proto, violations).Convert();
}

}  // namespace sluice::edge
