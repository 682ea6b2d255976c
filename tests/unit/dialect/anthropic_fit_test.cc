#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/anthropic/fit.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::anthropic {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Severity = Misfit::Severity;

MATCHER_P2(Says, field, severity, "") { return arg.field == field && arg.severity == severity && !arg.why.empty(); }
auto May(const char* field) { return Says(field, Severity::kPolicy); }
auto MustNot(const char* field) { return Says(field, Severity::kRefuse); }

std::vector<Misfit> Misfits(chat::Request* request, const Target& target = {}) {
  std::vector<Misfit> misfits;
  Fit(target, request, &misfits);
  return misfits;
}

chat::Request Hello() {
  chat::Request request;
  request.messages = {chat::Say(chat::Role::kUser, {"hi"})};
  return request;
}

TEST(AnthropicFit, WhatAnthropicDoesAnywayIsTakenOutWithoutAWord) {
  chat::Request request = Hello();
  request.temperature = 1;
  request.n = 1;
  request.presence_penalty = 0;
  request.frequency_penalty = 0;
  request.logprobs = false;
  request.store = false;
  request.modalities = {chat::Modality::kText};
  request.include_obfuscation = false;
  request.max_completion_tokens = request.max_tokens = 5;
  request.user = request.safety_identifier = "u";
  request.tool_choice = chat::ToolChoice{chat::ToolChoice::Mode::kAuto, {}, {}};
  request.parallel_tool_calls = false;
  request.response_format = chat::ResponseFormat{chat::ResponseFormat::Kind::kText, "", "", {}, {}};
  EXPECT_THAT(Misfits(&request), IsEmpty());
  EXPECT_EQ(request.temperature, 1);
  EXPECT_FALSE(request.tool_choice || request.parallel_tool_calls || request.response_format);
}

TEST(AnthropicFit, WhatHasNoCounterpartInTheOrderOfTheContract) {
  chat::Request request = Hello();
  request.temperature = 1.5;
  request.max_completion_tokens = 5;
  request.max_tokens = 6;
  request.n = 2;
  request.presence_penalty = 0.5;
  request.frequency_penalty = -0.5;
  request.seed = 0;
  request.response_format = chat::ResponseFormat{chat::ResponseFormat::Kind::kJsonObject, "", "", {}, {}};
  request.reasoning_effort = chat::ReasoningEffort::kMinimal;
  request.verbosity = chat::Verbosity::kMedium;
  request.logprobs = true;
  request.top_logprobs = 0;
  request.logit_bias = {{1, 1}};
  request.metadata = {{"a", "b"}};
  request.store = true;
  request.service_tier = chat::ServiceTier::kFlex;
  request.prompt_cache_key = "k";
  request.prompt_cache_options = chat::PromptCacheOptions{chat::CacheMode::kImplicit, "30m"};
  request.prompt_cache_retention = chat::CacheRetention::k24h;
  request.safety_identifier = "s";
  request.user = "u";
  request.modalities = {chat::Modality::kText, chat::Modality::kAudio};
  request.audio = chat::AudioOutput{"alloy", chat::AudioFormat::kWav};
  request.prediction = {"p"};
  request.moderation = chat::ModerationRequest{"m", ""};
  request.web_search = chat::WebSearch{chat::SearchContextSize::kLow, chat::Location{}};
  request.include_obfuscation = true;
  EXPECT_THAT(Misfits(&request),
              ElementsAre(May("temperature"), May("max_tokens"), May("n"), May("presence_penalty"),
                          May("frequency_penalty"), May("seed"), May("response_format.json_object"),
                          May("reasoning_effort"), May("verbosity"), May("logprobs"), May("top_logprobs"),
                          May("logit_bias"), May("metadata"), May("store"), May("service_tier"),
                          May("prompt_cache_key"), May("prompt_cache_options.ttl"), May("prompt_cache_retention"),
                          May("user"), May("modalities"), May("audio"), May("prediction"), May("moderation"),
                          May("web_search_options.search_context_size"), May("stream_options.include_obfuscation")));
  EXPECT_EQ(request.temperature, 1);
  EXPECT_EQ(request.max_completion_tokens, 5);
  EXPECT_EQ(request.safety_identifier, "s");
  // Nothing is left to say the second time.
  EXPECT_THAT(Misfits(&request), IsEmpty());
}

TEST(AnthropicFit, TiersThatAnthropicKnows) {
  for (const auto tier : {chat::ServiceTier::kAuto, chat::ServiceTier::kDefault}) {
    chat::Request request = Hello();
    request.service_tier = tier;
    EXPECT_THAT(Misfits(&request), IsEmpty());
    EXPECT_EQ(request.service_tier, tier);
  }
}

TEST(AnthropicFit, ThinkingNeedsRoom) {
  Target target;
  target.reasoning = ReasoningStyle::kBudget;
  chat::Request request = Hello();
  request.reasoning_effort = chat::ReasoningEffort::kLow;
  request.max_tokens = 1025;
  EXPECT_THAT(Misfits(&request, target), IsEmpty());
  request.max_tokens = 1024;
  EXPECT_THAT(Misfits(&request), IsEmpty());  // said in words it needs none
  EXPECT_THAT(Misfits(&request, target), ElementsAre(May("reasoning_effort")));
  EXPECT_FALSE(request.reasoning_effort.has_value());
  request.reasoning_effort = chat::ReasoningEffort::kNone;
  EXPECT_THAT(Misfits(&request, target), IsEmpty());
}

TEST(AnthropicFit, AFormatNeedsItsSchema) {
  using Kind = chat::ResponseFormat::Kind;
  chat::Request request = Hello();
  request.response_format = chat::ResponseFormat{Kind::kJsonSchema, "n", "d", "{}", false};
  EXPECT_THAT(Misfits(&request), ElementsAre(May("response_format.json_schema.description")));
  EXPECT_TRUE(request.response_format.has_value());
  request.response_format = chat::ResponseFormat{Kind::kJsonSchema, "n", "", {}, {}};
  EXPECT_THAT(Misfits(&request), ElementsAre(May("response_format.json_schema.schema_json")));
  EXPECT_FALSE(request.response_format.has_value());
}

TEST(AnthropicFit, CustomToolsAreRefusedWhereverTheyStand) {
  chat::Request request = Hello();
  request.tools = {{chat::ToolKind::kFunction, "f", "", {}, {}, {}}, {chat::ToolKind::kCustom, "c", "", {}, {}, {}}};
  request.tool_choice = chat::ToolChoice{chat::ToolChoice::Mode::kNamed, {}, {{chat::ToolKind::kCustom, "c"}}};
  EXPECT_THAT(Misfits(&request), ElementsAre(MustNot("tools[1].custom")));
  EXPECT_EQ(request.tools.size(), 1u);
  EXPECT_THAT(request.tool_choice->named, IsEmpty());
}

TEST(AnthropicFit, TheLifeOfACacheNeedsACache) {
  chat::Request request = Hello();
  request.prompt_cache_options = chat::PromptCacheOptions{chat::CacheMode::kExplicit, "1h"};
  EXPECT_THAT(Misfits(&request), ElementsAre(May("prompt_cache_options.ttl")));
  request.prompt_cache_options->ttl = "1h";
  request.messages[0].content[0].cache_breakpoint = true;
  EXPECT_THAT(Misfits(&request), IsEmpty());
  request.messages[0].content[0].cache_breakpoint = false;
  request.prompt_cache_options->mode = chat::CacheMode::kImplicit;
  EXPECT_THAT(Misfits(&request), IsEmpty());
  EXPECT_EQ(request.prompt_cache_options->ttl, "1h");
}

TEST(AnthropicFit, ExtraMembersMustNotReplaceWhatIsWritten) {
  chat::Request request = Hello();
  request.extra_json = R"({"system":"x","max_tokens":1,"metadata":{},"top_k":1})";
  EXPECT_THAT(Misfits(&request), ElementsAre(MustNot("extra_json.system"), MustNot("extra_json.max_tokens"),
                                             MustNot("extra_json.metadata")));
}

TEST(AnthropicFit, ExtraMembersMayBringWhatTheContractCannotSay) {
  const char* const extra =
      R"({"tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{},"thinking":{},)"
      R"("output_config":{},"cache_control":{}})";
  chat::Request request = Hello();
  request.extra_json = extra;
  EXPECT_THAT(Misfits(&request), IsEmpty());
  request.tool_choice = chat::ToolChoice{chat::ToolChoice::Mode::kAuto, {}, {}};
  EXPECT_THAT(Misfits(&request), ElementsAre(MustNot("extra_json.tool_choice")));
  request.tools = {{chat::ToolKind::kFunction, "f", "", {}, {}, {}}};
  request.reasoning_effort = chat::ReasoningEffort::kLow;
  request.prompt_cache_options = chat::PromptCacheOptions{chat::CacheMode::kImplicit, ""};
  EXPECT_THAT(Misfits(&request), ElementsAre(MustNot("extra_json.tools"), MustNot("extra_json.tool_choice"),
                                             MustNot("extra_json.thinking"), MustNot("extra_json.output_config"),
                                             MustNot("extra_json.cache_control")));
}

}  // namespace
}  // namespace sluice::dialect::anthropic
