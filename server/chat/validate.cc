#include "server/chat/validate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "server/chat/checker.h"
#include "server/chat/validate_messages.h"
#include "server/chat/validate_tools.h"

namespace sluice::chat {
namespace {

constexpr int32_t kMaxTokens = 128000;
constexpr size_t kMaxStops = 4;
constexpr size_t kMaxSafetyIdentifier = 64;
constexpr size_t kMaxMetadata = 16;
constexpr size_t kMaxMetadataKey = 64;
constexpr size_t kMaxMetadataValue = 512;

void CheckStop(const std::vector<std::string>& stop, Checker& check) {
  if (stop.size() > kMaxStops) {
    check.Add("stop", absl::StrCat("may hold at most ", kMaxStops, " sequences; ", stop.size(), " were given"));
  }
  for (size_t i = 0; i < stop.size(); ++i) {
    check.Require(!stop[i].empty(), absl::StrCat("stop[", i, "]"), "must not be empty");
  }
}

void CheckGeneration(const Request& request, Checker& check) {
  check.Range("temperature", request.temperature, 0, 2);
  check.Range("top_p", request.top_p, 0, 1);
  check.Range("max_completion_tokens", request.max_completion_tokens, 1, kMaxTokens);
  check.Range("max_tokens", request.max_tokens, 1, kMaxTokens);
  CheckStop(request.stop, check);
  check.Range("n", request.n, 1, 128);
  check.Range("presence_penalty", request.presence_penalty, -2, 2);
  check.Range("frequency_penalty", request.frequency_penalty, -2, 2);
  check.Range("top_logprobs", request.top_logprobs, 0, 20);
  if (request.top_logprobs && !request.logprobs.value_or(false)) {
    check.Add("top_logprobs", "needs logprobs to be true");
  }
  for (const auto& [token, bias] : request.logit_bias) {
    check.Range(absl::StrCat("logit_bias[", token, "]"), std::optional<int32_t>(bias), -100, 100);
  }
}

void CheckMetadata(const Request& request, Checker& check) {
  if (request.metadata.size() > kMaxMetadata) {
    check.Add("metadata",
              absl::StrCat("may hold at most ", kMaxMetadata, " pairs; ", request.metadata.size(), " were given"));
  }
  for (size_t i = 0; i < request.metadata.size(); ++i) {
    // By number: a key is the caller's text.
    check.AtMost(absl::StrCat("metadata key ", i), request.metadata[i].first, kMaxMetadataKey);
    check.AtMost(absl::StrCat("metadata value ", i), request.metadata[i].second, kMaxMetadataValue);
  }
}

void CheckOutput(const Request& request, Checker& check) {
  bool spoken = false;
  for (size_t i = 0; i < request.modalities.size(); ++i) {
    check.Require(request.modalities[i].has_value(), absl::StrCat("modalities[", i, "]"), "must be TEXT or AUDIO");
    spoken = spoken || request.modalities[i] == Modality::kAudio;
  }
  check.Require(!spoken || request.audio.has_value(), "audio", "must say how to speak, since modalities has AUDIO");
  if (request.audio) {
    check.Require(!request.audio->voice.empty(), "audio.voice", "must not be empty");
    check.Require(request.audio->format.has_value(), "audio.format", "must be one of the contract's formats");
  }
  if (request.moderation) check.Require(!request.moderation->model.empty(), "moderation.model", "must not be empty");
  if (!request.web_search || !request.web_search->user_location) return;
  const std::string& country = request.web_search->user_location->country;
  const bool two_letters = country.size() == 2 && std::all_of(country.begin(), country.end(), [](char c) {
                             return absl::ascii_isalpha(static_cast<unsigned char>(c));
                           });
  check.Require(country.empty() || two_letters, "web_search_options.user_location.country",
                "must be two letters, as ISO 3166-1 has them");
}

}  // namespace

std::vector<FieldViolation> Validate(const Request& request) {
  Checker check;
  check.Require(!request.model.empty(), "model", "must name a model");
  CheckMessages(request.messages, check);
  CheckGeneration(request, check);
  CheckTools(request, check);
  CheckMetadata(request, check);
  check.AtMost("safety_identifier", request.safety_identifier, kMaxSafetyIdentifier);
  CheckOutput(request, check);
  return check.Take();
}

}  // namespace sluice::chat
