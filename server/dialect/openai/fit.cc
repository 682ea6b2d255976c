#include "server/dialect/openai/fit.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "server/dialect/extra.h"
#include "server/dialect/opaque.h"
#include "server/dialect/openai/opaque_parts.h"

namespace sluice::dialect::openai {
namespace {

// Every member of the request that the contract has a field for (OpenAI API reference 2.3.0), and the two that its
// tools replace.
constexpr absl::string_view kOwnMembers[] = {"audio",
                                             "frequency_penalty",
                                             "function_call",
                                             "functions",
                                             "logit_bias",
                                             "logprobs",
                                             "max_completion_tokens",
                                             "max_tokens",
                                             "messages",
                                             "metadata",
                                             "modalities",
                                             "model",
                                             "moderation",
                                             "n",
                                             "parallel_tool_calls",
                                             "prediction",
                                             "presence_penalty",
                                             "prompt_cache_key",
                                             "prompt_cache_options",
                                             "prompt_cache_retention",
                                             "reasoning_effort",
                                             "response_format",
                                             "safety_identifier",
                                             "seed",
                                             "service_tier",
                                             "stop",
                                             "store",
                                             "stream",
                                             "stream_options",
                                             "temperature",
                                             "tool_choice",
                                             "tools",
                                             "top_logprobs",
                                             "top_p",
                                             "user",
                                             "verbosity",
                                             "web_search_options"};

void FitOpaque(chat::Request* request, std::vector<Misfit>* misfits) {
  for (size_t m = 0; m < request->messages.size(); ++m) {
    size_t place = 0;
    std::erase_if(request->messages[m].content, [&](const chat::Part& part) {
      const size_t i = place++;
      const auto* const opaque = std::get_if<chat::Opaque>(&part.body);
      if (opaque == nullptr) return false;
      std::string native;
      const OpaqueOrigin origin = UnwrapOpaque(kDialectName, opaque->data, &native);
      if (origin == OpaqueOrigin::kThis) return false;
      misfits->push_back(NotOurOpaque(absl::StrCat("messages[", m, "].content[", i, "].opaque"), origin));
      return true;
    });
  }
}

}  // namespace

void Fit(const Target& target, chat::Request* request, std::vector<Misfit>* misfits) {
  FitOpaque(request, misfits);
  if (!target.ask_usage && request->include_obfuscation) {
    misfits->push_back({"stream_options.include_obfuscation", "the upstream takes no stream_options: leave it out"});
    request->include_obfuscation.reset();
  }
  FitExtra(*request, kOwnMembers, /*within=*/"", misfits);
}

}  // namespace sluice::dialect::openai
