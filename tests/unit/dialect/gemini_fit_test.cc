#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "server/dialect/gemini/fit.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

chat::Tool Function(std::string name) {
  chat::Tool tool;
  tool.kind = chat::ToolKind::kFunction;
  tool.name = std::move(name);
  return tool;
}

struct Case {
  std::function<void(chat::Request&)> set;
  Lines misfits;
};

// Each misfit is named, and what is left after it is the plain request.
void Expect(const std::vector<Case>& cases) {
  const std::string plain = FittedBody(UserSays("x"));
  for (size_t i = 0; i < cases.size(); ++i) {
    chat::Request request = UserSays("x");
    cases[i].set(request);
    EXPECT_EQ(FitLines(request), cases[i].misfits) << "case " << i;
    EXPECT_EQ(FittedBody(request), plain) << "case " << i;
  }
}

TEST(GeminiFitTest, APlainRequestFits) {
  chat::Request request = UserSays("x");
  EXPECT_EQ(FitLines(request), Lines{});
}

TEST(GeminiFitTest, WhatGeminiHasNoCounterpartFor) {
  using R = chat::Request;
  Expect({
      {[](R& r) {
         r.logit_bias = {{7, -100}};
       },
       {"logit_bias policy"}},
      {[](R& r) { r.verbosity = chat::Verbosity::kLow; }, {"verbosity policy"}},
      {[](R& r) { r.store = true; }, {"store policy"}},
      {[](R& r) {
         r.metadata = {{"a", "b"}};
       },
       {"metadata policy"}},
      {[](R& r) { r.service_tier = chat::ServiceTier::kFlex; }, {"service_tier policy"}},
      {[](R& r) { r.safety_identifier = "s"; }, {"safety_identifier policy"}},
      {[](R& r) { r.user = "u"; }, {"user policy"}},
      {[](R& r) { r.prompt_cache_key = "k"; }, {"prompt_cache_key policy"}},
      {[](R& r) { r.prompt_cache_options.emplace(); }, {"prompt_cache_options policy"}},
      {[](R& r) { r.prompt_cache_retention = chat::CacheRetention::k24h; }, {"prompt_cache_retention policy"}},
      {[](R& r) { r.prediction = {"p"}; }, {"prediction policy"}},
      {[](R& r) { r.moderation.emplace().model = "m"; }, {"moderation policy"}},
      {[](R& r) { r.parallel_tool_calls = false; }, {"parallel_tool_calls policy"}},
      {[](R& r) { r.audio.emplace().voice = "v"; }, {"audio policy"}},
      {[](R& r) { r.include_obfuscation = true; }, {"stream_options.include_obfuscation policy"}},
      {[](R& r) { r.seed = int64_t{1} << 31; }, {"seed policy"}},
      {[](R& r) { r.seed = -(int64_t{1} << 31) - 1; }, {"seed policy"}},
      {[](R& r) { r.reasoning_effort = chat::ReasoningEffort::kXHigh; }, {"reasoning_effort policy"}},
      {[](R& r) { r.reasoning_effort = chat::ReasoningEffort::kMax; }, {"reasoning_effort policy"}},
      {[](R& r) {
         r.modalities = {chat::Modality::kText, chat::Modality::kAudio};
         r.audio.emplace().voice = "v";
       },
       {"modalities policy"}},
  });
}

TEST(GeminiFitTest, WhatSaysWhatGeminiDoesAnywayFits) {
  using R = chat::Request;
  Expect({
      {[](R& r) { r.store = false; }, {}},
      {[](R& r) { r.service_tier = chat::ServiceTier::kAuto; }, {}},
      {[](R& r) { r.parallel_tool_calls = true; }, {}},
      {[](R& r) { r.include_obfuscation = false; }, {}},
      {[](R& r) { r.logprobs = false; }, {}},
      {[](R& r) { r.tool_choice.emplace().mode = chat::ToolChoice::Mode::kNone; }, {}},
      {[](R& r) { r.tool_choice.emplace().mode = chat::ToolChoice::Mode::kAuto; }, {}},
      {[](R& r) { r.response_format.emplace().kind = chat::ResponseFormat::Kind::kText; }, {}},
  });
}

TEST(GeminiFitTest, MisfitsComeInTheContractsOrder) {
  chat::Request request = UserSays("x");
  request.messages[0].name = "n";
  request.user = "u";
  request.seed = int64_t{1} << 40;
  request.extra_json = R"({"contents":[]})";
  EXPECT_EQ(FitLines(request),
            (Lines{"messages[0].name policy", "seed policy", "user policy", "extra_json.contents refuse"}));
}

TEST(GeminiFitTest, TwoLimitsThatDifferAreOneTooMany) {
  chat::Request request = UserSays("x");
  request.max_completion_tokens = 5;
  request.max_tokens = 7;
  EXPECT_EQ(FitLines(request), (Lines{"max_tokens policy"}));
  request.max_tokens = 5;
  EXPECT_EQ(FitLines(request), Lines{});
}

TEST(GeminiFitTest, SeedsOf32BitsFit) {
  for (const int64_t seed : {int64_t{0}, (int64_t{1} << 31) - 1, -(int64_t{1} << 31)}) {
    chat::Request request = UserSays("x");
    request.seed = seed;
    EXPECT_EQ(FitLines(request), Lines{});
    EXPECT_EQ(request.seed, seed);
  }
}

TEST(GeminiFitTest, ToolsAreFunctions) {
  chat::Request request = UserSays("x");
  request.tools = {Function("f"), Function("g"), Function("h")};
  request.tools[0].kind = chat::ToolKind::kCustom;
  request.tools[1].strict = true;
  request.tools[2].strict = false;
  request.tool_choice = {chat::ToolChoice::Mode::kNamed, std::nullopt, {{chat::ToolKind::kCustom, "f"}}};
  EXPECT_EQ(FitLines(request), (Lines{"tools[0].custom refuse", "tools[1].function.strict policy"}));
  ASSERT_EQ(request.tools.size(), 2u);
  EXPECT_EQ(request.tools[0].name, "g");
  EXPECT_TRUE(request.tool_choice->named.empty());
}

TEST(GeminiFitTest, ASchemasPromiseAndDescription) {
  chat::Request request = UserSays("x");
  auto& format = request.response_format.emplace();
  format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  format.name = "n";
  format.description = "d";
  format.strict = true;
  EXPECT_EQ(FitLines(request),
            (Lines{"response_format.json_schema.description policy", "response_format.json_schema.strict policy"}));
  EXPECT_EQ(FitLines(request), Lines{});
}

TEST(GeminiFitTest, TheSearchGoesOnWithoutItsOptions) {
  chat::Request request = UserSays("x");
  auto& search = request.web_search.emplace();
  search.context_size = chat::SearchContextSize::kLow;
  search.user_location.emplace().city = "Bonn";
  EXPECT_EQ(FitLines(request),
            (Lines{"web_search_options.search_context_size policy", "web_search_options.user_location policy"}));
  EXPECT_TRUE(request.web_search.has_value());
}

TEST(GeminiFitTest, ExtraMembersThatTheContractNamesAreRefused) {
  for (const char* name : {"contents", "systemInstruction", "system_instruction", "generation_config", "model"}) {
    chat::Request request = UserSays("x");
    request.extra_json = std::string("{\"") + name + "\":{}}";
    EXPECT_EQ(FitLines(request), (Lines{std::string("extra_json.") + name + " refuse"}));
  }
  for (const char* name :
       {"temperature", "topP", "top_p", "maxOutputTokens", "responseSchema", "response_json_schema"}) {
    chat::Request request = UserSays("x");
    request.extra_json = std::string("{\"generationConfig\":{\"") + name + "\":1}}";
    EXPECT_EQ(FitLines(request), (Lines{std::string("extra_json.generationConfig.") + name + " refuse"}));
  }
}

TEST(GeminiFitTest, WhatGeminiKnowsMoreOfComesFromEitherSideButNotFromBoth) {
  const std::string extra =
      R"({"tools":[{"codeExecution":{}}],"toolConfig":{},"generationConfig":{"thinkingConfig":{},"responseModalities":[]}})";
  chat::Request request = UserSays("x");
  request.extra_json = extra;
  EXPECT_EQ(FitLines(request), Lines{});
  request.web_search.emplace();
  request.tool_choice.emplace().mode = chat::ToolChoice::Mode::kAuto;
  request.reasoning_effort = chat::ReasoningEffort::kLow;
  request.modalities = {chat::Modality::kText};
  EXPECT_EQ(FitLines(request), (Lines{"extra_json.tools refuse", "extra_json.toolConfig refuse",
                                      "extra_json.generationConfig.thinkingConfig refuse",
                                      "extra_json.generationConfig.responseModalities refuse"}));
}

TEST(GeminiFitTest, AModelsNameCannotLeadElsewhere) {
  chat::Request request = UserSays("x");
  request.model = "../v1/x";
  EXPECT_EQ(FitLines(request), (Lines{"model refuse"}));
}

}  // namespace
}  // namespace sluice::dialect::gemini
