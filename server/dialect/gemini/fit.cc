#include "server/dialect/gemini/fit.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/dialect/extra.h"
#include "server/dialect/gemini/fit_messages.h"
#include "server/dialect/gemini/thinking.h"
#include "server/dialect/misfit_list.h"

namespace sluice::dialect::gemini {
namespace {

using Severity = Misfit::Severity;

// What the contract has a field for, at the top and within generationConfig. Google reads the names of its protocol
// buffers ("system_instruction") as well as these, and a setting must not come in under its other name.
constexpr absl::string_view kOwnMembers[] = {"model",
                                             "contents",
                                             "systemInstruction",
                                             "system_instruction",
                                             "generation_config",
                                             "temperature",
                                             "topP",
                                             "top_p",
                                             "candidateCount",
                                             "candidate_count",
                                             "maxOutputTokens",
                                             "max_output_tokens",
                                             "stopSequences",
                                             "stop_sequences",
                                             "presencePenalty",
                                             "presence_penalty",
                                             "frequencyPenalty",
                                             "frequency_penalty",
                                             "seed",
                                             "responseLogprobs",
                                             "response_logprobs",
                                             "logprobs",
                                             "responseMimeType",
                                             "response_mime_type",
                                             "responseSchema",
                                             "response_schema",
                                             "responseJsonSchema",
                                             "response_json_schema",
                                             "_responseJsonSchema"};

class Fitter {
 public:
  Fitter(const Target& target, chat::Request& request, std::vector<Misfit>& misfits)
      : target_(target), request_(request), misfits_("Gemini has no counterpart: leave it out", misfits) {}

  void Fit() {
    if (absl::StrContains(request_.model, "..")) {
      misfits_.Add("model", "goes into the URL's path, where two dots lead elsewhere", Severity::kRefuse);
      request_.model.clear();
    }
    FitMessages(&request_.messages, misfits_.all());
    FitGeneration();
    FitTools();
    FitFormat();
    FitThinking();
    FitAccount();
    FitOutput();
    FitExtras();
  }

 private:
  void FitGeneration() {
    if (request_.max_completion_tokens && request_.max_tokens) {
      misfits_.DropUnless("max_tokens", request_.max_tokens, *request_.max_completion_tokens,
                          "Gemini has one limit, and max_completion_tokens is taken for it: leave this one out");
    }
    if (request_.seed && (*request_.seed < std::numeric_limits<int32_t>::min() ||
                          *request_.seed > std::numeric_limits<int32_t>::max())) {
      misfits_.Drop("seed", request_.seed, "Gemini takes 32 bits only: choose a smaller one");
    }
  }

  void FitTools() {
    std::vector<chat::Tool>& tools = request_.tools;
    for (size_t i = 0; i < tools.size(); ++i) {
      if (tools[i].kind == chat::ToolKind::kCustom) {
        misfits_.Add(absl::StrCat("tools[", i, "].custom"),
                     "Gemini knows functions only: make it one with a text parameter", Severity::kRefuse);
      } else if (tools[i].strict.value_or(false)) {
        misfits_.Add(absl::StrCat("tools[", i, "].function.strict"),
                     "Gemini does not promise to follow the schema: leave it out, and check the arguments");
      }
      tools[i].strict.reset();
    }
    tools.erase(std::remove_if(tools.begin(), tools.end(),
                               [](const chat::Tool& tool) { return tool.kind == chat::ToolKind::kCustom; }),
                tools.end());
    FitChoice();
    misfits_.DropUnless("parallel_tool_calls", request_.parallel_tool_calls, true,
                        "Gemini cannot be kept from several calls in one answer: leave it out, and be ready for them");
  }

  void FitChoice() {
    if (!request_.tool_choice) return;
    // Gemini refuses a choice among no tools. extra_json may bring some.
    using Mode = chat::ToolChoice::Mode;
    chat::ToolChoice& choice = *request_.tool_choice;
    if (request_.tools.empty() && request_.extra_json.empty() &&
        (choice.mode == Mode::kNone || choice.mode == Mode::kAuto)) {
      request_.tool_choice.reset();
      return;
    }
    // Each such tool is refused already.
    choice.named.erase(std::remove_if(choice.named.begin(), choice.named.end(),
                                      [](const auto& tool) { return tool.kind == chat::ToolKind::kCustom; }),
                       choice.named.end());
  }

  void FitFormat() {
    if (!request_.response_format) return;
    chat::ResponseFormat& format = *request_.response_format;
    misfits_.Drop("response_format.json_schema.description", format.description,
                  "Gemini has no place for it: write it into the schema's own description");
    misfits_.DropUnless("response_format.json_schema.strict", format.strict, false,
                        "Gemini leaves aside what it does not know of a schema: leave it out, and check the answer");
  }

  void FitThinking() {
    if (request_.reasoning_effort && !ThinkingOf(*request_.reasoning_effort, target_.reasoning)) {
      misfits_.Drop("reasoning_effort", request_.reasoning_effort, "Gemini has nothing above HIGH: choose that");
    }
    misfits_.Drop("verbosity", request_.verbosity,
                  "Gemini has no counterpart: say in the messages how long the answer may be");
    misfits_.Drop("logit_bias", request_.logit_bias);
  }

  void FitAccount() {
    misfits_.Drop("metadata", request_.metadata);
    misfits_.DropUnless("store", request_.store, false);
    misfits_.DropUnless("service_tier", request_.service_tier, chat::ServiceTier::kAuto);
    misfits_.Drop("safety_identifier", request_.safety_identifier);
    const char* const cache = "Gemini caches prefixes by itself, or as extra_json's cachedContent says: leave it out";
    misfits_.Drop("prompt_cache_key", request_.prompt_cache_key, cache);
    misfits_.Drop("prompt_cache_options", request_.prompt_cache_options, cache);
    misfits_.Drop("prompt_cache_retention", request_.prompt_cache_retention, cache);
    misfits_.Drop("user", request_.user);
  }

  void FitOutput() {
    const auto not_text = [](const auto& modality) { return modality != chat::Modality::kText; };
    if (std::any_of(request_.modalities.begin(), request_.modalities.end(), not_text)) {
      misfits_.Add("modalities", "spoken answers cannot be had from Gemini this way: ask for TEXT");
      request_.modalities.clear();
      request_.audio.reset();
    }
    misfits_.Drop("audio", request_.audio, "without AUDIO among the modalities it says nothing: leave it out");
    misfits_.Drop("prediction", request_.prediction);
    misfits_.Drop("moderation", request_.moderation, "Gemini has no counterpart: set extra_json's safetySettings");
    if (request_.web_search) {
      misfits_.Drop("web_search_options.search_context_size", request_.web_search->context_size);
      misfits_.Drop("web_search_options.user_location", request_.web_search->user_location);
    }
    misfits_.DropUnless("stream_options.include_obfuscation", request_.include_obfuscation, false);
  }

  // Of some members Gemini knows more than the contract; they may come from either, but not from both.
  void FitExtras() {
    std::vector<absl::string_view> own(std::begin(kOwnMembers), std::end(kOwnMembers));
    const auto add_if = [&own](bool written, absl::string_view name, absl::string_view other_name) {
      if (written) own.insert(own.end(), {name, other_name});
    };
    add_if(!request_.tools.empty() || request_.web_search, "tools", "tools");
    add_if(request_.tool_choice.has_value(), "toolConfig", "tool_config");
    add_if(!request_.modalities.empty(), "responseModalities", "response_modalities");
    add_if(request_.reasoning_effort.has_value(), "thinkingConfig", "thinking_config");
    FitExtra(request_, own, kGenerationConfig, misfits_.all());
  }

  const Target& target_;
  chat::Request& request_;
  MisfitList misfits_;
};

}  // namespace

void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) {
  Fitter(target, *request, *misfits).Fit();
}

}  // namespace sluice::dialect::gemini
