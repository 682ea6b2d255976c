#include "server/dialect/anthropic/fit.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/fit_messages.h"
#include "server/dialect/anthropic/thinking.h"
#include "server/dialect/extra.h"
#include "server/dialect/misfit_list.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {
namespace {

using Severity = Misfit::Severity;

// What the contract has a field for.
constexpr absl::string_view kOwnMembers[] = {"max_tokens",     "messages", "metadata", "model",       "service_tier",
                                             "stop_sequences", "stream",   "system",   "temperature", "top_p"};

bool HasMember(const std::string& object_json, absl::string_view name) {
  if (object_json.empty()) return false;
  json::Tape tape;
  return tape.Parse(object_json, {.max_bytes = object_json.size()}) == json::Tape::Result::kOk &&
         tape.root().Find(name).is_filled();
}

bool HasBreakpoint(const chat::Request& request) {
  return std::any_of(request.messages.begin(), request.messages.end(), [](const chat::Message& message) {
    return std::any_of(message.content.begin(), message.content.end(),
                       [](const chat::Part& part) { return part.cache_breakpoint; });
  });
}

class Fitter {
 public:
  Fitter(const Target& target, chat::Request& request, std::vector<Misfit>& misfits)
      : target_(target), request_(request), misfits_("Anthropic has no counterpart: leave it out", misfits) {}

  void Fit() {
    FitMessages(&request_.messages, misfits_.all());
    FitGeneration();
    FitTools();
    FitFormat();
    FitThinking();
    FitLikelihood();
    FitAccount();
    FitCache();
    FitOutput();
    FitExtras();
  }

 private:
  void FitGeneration() {
    if (request_.temperature.value_or(0) > 1) {
      misfits_.Add("temperature",
                   "Anthropic's scale ends at 1: choose that or less; where it may be changed, 1 is sent");
      request_.temperature = 1;
    }
    if (request_.max_completion_tokens) {
      misfits_.DropUnless("max_tokens", request_.max_tokens, *request_.max_completion_tokens,
                          "Anthropic has one limit, and max_completion_tokens is taken for it: leave this one out");
    }
    misfits_.DropUnless("n", request_.n, 1, "Anthropic gives one answer to a request: ask several times");
    misfits_.DropUnless("presence_penalty", request_.presence_penalty, 0.0);
    misfits_.DropUnless("frequency_penalty", request_.frequency_penalty, 0.0);
    misfits_.Drop("seed", request_.seed);
  }

  void FitTools() {
    std::vector<chat::Tool>& tools = request_.tools;
    for (size_t i = 0; i < tools.size(); ++i) {
      if (tools[i].kind != chat::ToolKind::kCustom) continue;
      misfits_.Add(absl::StrCat("tools[", i, "].custom"),
                   "Anthropic knows functions only: make it one with a text parameter", Severity::kRefuse);
    }
    const auto is_custom = [](const auto& tool) { return tool.kind == chat::ToolKind::kCustom; };
    tools.erase(std::remove_if(tools.begin(), tools.end(), is_custom), tools.end());
    if (request_.tool_choice) {
      std::vector<chat::ToolReference>& named = request_.tool_choice->named;
      named.erase(std::remove_if(named.begin(), named.end(), is_custom), named.end());
    }
    // Anthropic refuses a choice among no tools; and without any, there is nothing to choose.
    if (!tools.empty() || request_.web_search || HasMember(request_.extra_json, "tools")) return;
    request_.tool_choice.reset();
    request_.parallel_tool_calls.reset();
  }

  void FitFormat() {
    using Kind = chat::ResponseFormat::Kind;
    if (!request_.response_format) return;
    chat::ResponseFormat& format = *request_.response_format;
    if (format.kind == Kind::kJsonSchema && format.schema_json) {
      misfits_.Drop("response_format.json_schema.description", format.description,
                    "Anthropic has no place for it: write it into the schema's own description");
      return;
    }
    if (format.kind == Kind::kJsonObject) {
      misfits_.Add("response_format.json_object",
                   "Anthropic needs a schema: use json_schema, or ask for JSON in the messages");
    } else if (format.kind == Kind::kJsonSchema) {
      misfits_.Add("response_format.json_schema.schema_json", "Anthropic needs a schema: give one");
    }
    request_.response_format.reset();
  }

  void FitThinking() {
    if (request_.reasoning_effort == chat::ReasoningEffort::kMinimal) {
      misfits_.Drop("reasoning_effort", request_.reasoning_effort,
                    "Anthropic knows nothing between NONE and LOW: choose one");
    }
    if (target_.reasoning == ReasoningStyle::kBudget && Thinks(request_) && !ThinkingBudget(request_, target_)) {
      misfits_.Drop(
          "reasoning_effort", request_.reasoning_effort,
          absl::StrCat("the model needs ", kLeastBudget, " tokens for thinking and some for the answer: raise ",
                       "max_completion_tokens above ", kLeastBudget));
    }
    misfits_.Drop("verbosity", request_.verbosity,
                  "Anthropic has no counterpart: say in the messages how long the answer may be");
  }

  void FitLikelihood() {
    misfits_.DropUnless("logprobs", request_.logprobs, false);
    misfits_.Drop("top_logprobs", request_.top_logprobs);
    misfits_.Drop("logit_bias", request_.logit_bias);
  }

  void FitAccount() {
    misfits_.Drop("metadata", request_.metadata, "Anthropic keeps nothing but user_id, which safety_identifier sets");
    misfits_.DropUnless("store", request_.store, false);
    using Tier = chat::ServiceTier;
    if (request_.service_tier && request_.service_tier != Tier::kAuto && request_.service_tier != Tier::kDefault) {
      misfits_.Drop("service_tier", request_.service_tier, "Anthropic knows AUTO and DEFAULT only: choose one of them");
    }
  }

  void FitCache() {
    misfits_.Drop("prompt_cache_key", request_.prompt_cache_key);
    if (request_.prompt_cache_options) {
      std::string& ttl = request_.prompt_cache_options->ttl;
      const bool caches = request_.prompt_cache_options->mode == chat::CacheMode::kImplicit || HasBreakpoint(request_);
      if (!ttl.empty() && ttl != "5m" && ttl != "1h") {
        misfits_.Drop("prompt_cache_options.ttl", ttl, "Anthropic keeps a prefix for 5m or 1h: choose one of them");
      } else if (!caches) {
        misfits_.Drop("prompt_cache_options.ttl", ttl,
                      "without a breakpoint Anthropic keeps nothing unless the mode is IMPLICIT: set either");
      }
    }
    misfits_.Drop("prompt_cache_retention", request_.prompt_cache_retention, "use prompt_cache_options.ttl");
    if (!request_.safety_identifier.empty()) {
      if (request_.user == request_.safety_identifier) request_.user.clear();
      misfits_.Drop("user", request_.user,
                    "Anthropic takes one user_id, and safety_identifier is taken for it: leave this one out");
    }
  }

  void FitOutput() {
    const auto not_text = [](const auto& modality) { return modality != chat::Modality::kText; };
    if (std::any_of(request_.modalities.begin(), request_.modalities.end(), not_text)) {
      misfits_.Add("modalities", "Anthropic answers in text only: ask for TEXT");
    }
    request_.modalities.clear();
    misfits_.Drop("audio", request_.audio, "Anthropic answers in text only: leave it out");
    misfits_.Drop("prediction", request_.prediction);
    misfits_.Drop("moderation", request_.moderation);
    if (request_.web_search) {
      misfits_.Drop("web_search_options.search_context_size", request_.web_search->context_size);
    }
    misfits_.DropUnless("stream_options.include_obfuscation", request_.include_obfuscation, false);
  }

  // Of some members Anthropic knows more than the contract; they may come from either, but not from both.
  void FitExtras() {
    std::vector<absl::string_view> own(std::begin(kOwnMembers), std::end(kOwnMembers));
    if (!request_.tools.empty() || request_.web_search) own.push_back("tools");
    if (request_.tool_choice || request_.parallel_tool_calls) own.push_back("tool_choice");
    if (request_.reasoning_effort) own.push_back("thinking");
    if (request_.reasoning_effort || request_.response_format) own.push_back("output_config");
    if (request_.prompt_cache_options) own.push_back("cache_control");
    FitExtra(request_, own, /*within=*/"", misfits_.all());
  }

  const Target& target_;
  chat::Request& request_;
  MisfitList misfits_;
};

}  // namespace

void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) {
  Fitter(target, *request, *misfits).Fit();
}

}  // namespace sluice::dialect::anthropic
