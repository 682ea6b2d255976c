#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/anthropic/encoder.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::anthropic {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

chat::Request Hello() {
  chat::Request request;
  request.model = "claude-sonnet-4-5";
  request.messages.push_back(chat::Say(chat::Role::kUser, {"Hello"}));
  return request;
}

std::string Body(const chat::Request& request, const Target& target = {}) { return EncodeChat(request, target).body; }

const char* const kHead =
    R"({"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"Hello"}],"stream":true,"max_tokens":4096)";

TEST(AnthropicEncoder, TheSmallestRequest) { EXPECT_EQ(Body(Hello()), std::string(kHead) + "}"); }

TEST(AnthropicEncoder, EveryField) {
  chat::Request request = Hello();
  request.messages.insert(request.messages.begin(), chat::Say(chat::Role::kDeveloper, {"Be brief"}));
  request.temperature = 0;
  request.top_p = 0.5;
  request.max_completion_tokens = 100;
  request.max_tokens = 50;
  request.stop = {"END", "\n"};
  request.reasoning_effort = chat::ReasoningEffort::kXHigh;
  request.tools = {{chat::ToolKind::kFunction, "f", "does", R"({ "type":"object" })", true, {}},
                   {chat::ToolKind::kFunction, "g", "", {}, {}, {}}};
  request.tool_choice = chat::ToolChoice{chat::ToolChoice::Mode::kRequired, {}, {}};
  request.parallel_tool_calls = false;
  request.response_format =
      chat::ResponseFormat{chat::ResponseFormat::Kind::kJsonSchema, "n", "", R"({ "a":1 })", true};
  request.service_tier = chat::ServiceTier::kDefault;
  request.safety_identifier = "safe";
  request.prompt_cache_options = chat::PromptCacheOptions{chat::CacheMode::kImplicit, "1h"};
  request.extra_json = R"({"top_k": 5, "container":"c"})";
  EXPECT_EQ(
      Body(request),
      R"({"model":"claude-sonnet-4-5","system":"Be brief","messages":[{"role":"user","content":"Hello"}],)"
      R"("stream":true,"max_tokens":100,"temperature":0,"top_p":0.5,"stop_sequences":["END","\n"],)"
      R"("thinking":{"type":"adaptive"},"tools":[{"name":"f","description":"does","input_schema":{ "type":"object" },)"
      R"("strict":true},{"name":"g","input_schema":{"type":"object"}}],)"
      R"("tool_choice":{"type":"any","disable_parallel_tool_use":true},)"
      R"("output_config":{"effort":"xhigh","format":{"type":"json_schema","schema":{ "a":1 }}},)"
      R"("metadata":{"user_id":"safe"},"service_tier":"standard_only","cache_control":{"type":"ephemeral","ttl":"1h"},)"
      R"("top_k":5,"container":"c"})");
}

TEST(AnthropicEncoder, EffortIsSaidInWordsOrInTokens) {
  Target in_tokens;
  in_tokens.reasoning = ReasoningStyle::kBudget;
  chat::Request request = Hello();
  request.reasoning_effort = chat::ReasoningEffort::kLow;
  EXPECT_THAT(Body(request), EndsWith(R"("max_tokens":6144,"thinking":{"type":"adaptive"},)"
                                      R"("output_config":{"effort":"low"}})"));
  EXPECT_THAT(Body(request, in_tokens),
              EndsWith(R"("max_tokens":6144,"thinking":{"type":"enabled","budget_tokens":2048}})"));
  request.max_tokens = 1500;
  EXPECT_THAT(Body(request, in_tokens),
              EndsWith(R"("max_tokens":1500,"thinking":{"type":"enabled","budget_tokens":1499}})"));
  request.reasoning_effort = chat::ReasoningEffort::kNone;
  EXPECT_THAT(Body(request), EndsWith(R"("max_tokens":1500,"thinking":{"type":"disabled"}})"));
  EXPECT_EQ(Body(request), Body(request, in_tokens));
}

TEST(AnthropicEncoder, TheTargetsDefaultsStandBackForTheCallers) {
  Target target;
  target.default_max_tokens = 9;
  target.default_temperature = 0.25;
  chat::Request request = Hello();
  EXPECT_THAT(Body(request, target), EndsWith(R"("max_tokens":9,"temperature":0.25})"));
  request.max_tokens = 7;
  request.temperature = 0;
  EXPECT_THAT(Body(request, target), EndsWith(R"("max_tokens":7,"temperature":0})"));
}

TEST(AnthropicEncoder, AModelThatThinksGetsNoDefaultTemperature) {
  Target target;
  target.default_temperature = 0.25;
  chat::Request request = Hello();
  request.reasoning_effort = chat::ReasoningEffort::kLow;
  EXPECT_THAT(Body(request, target), Not(HasSubstr("temperature")));
  request.temperature = 1;
  EXPECT_THAT(Body(request, target), HasSubstr(R"("temperature":1)"));
}

TEST(AnthropicEncoder, TheOlderNameOfTheUserServesToo) {
  chat::Request request = Hello();
  request.user = "u";
  request.service_tier = chat::ServiceTier::kAuto;
  EXPECT_EQ(Body(request), std::string(kHead) + R"(,"metadata":{"user_id":"u"},"service_tier":"auto"})");
}

TEST(AnthropicEncoder, BreakpointsHaveTheOptionsLife) {
  chat::Request request = Hello();
  request.messages[0].content[0].cache_breakpoint = true;
  request.prompt_cache_options = chat::PromptCacheOptions{chat::CacheMode::kExplicit, "1h"};
  EXPECT_EQ(Body(request),
            R"({"model":"claude-sonnet-4-5","messages":[{"role":"user","content":[{"type":"text","text":"Hello",)"
            R"("cache_control":{"type":"ephemeral","ttl":"1h"}}]}],"stream":true,"max_tokens":4096})");
}

TEST(AnthropicEncoder, WhereAndWithWhat) {
  Target target;
  target.base_url = "https://api.test/v1";
  target.api_key = "sk-ant";
  const HttpRequest chat = EncodeChat(Hello(), target);
  EXPECT_EQ(chat.method, "POST");
  EXPECT_EQ(chat.url, "https://api.test/v1/messages");
  EXPECT_THAT(chat.headers, Contains(Pair("x-api-key", "sk-ant")));
  EXPECT_THAT(chat.headers, Contains(Pair("anthropic-version", "2023-06-01")));
  const HttpRequest models = EncodeListModels(target);
  EXPECT_EQ(models.method, "GET");
  EXPECT_EQ(models.url, "https://api.test/v1/models?limit=1000");
  EXPECT_THAT(models.headers, Contains(Pair("anthropic-version", "2023-06-01")));
  EXPECT_EQ(models.body, "");
}

TEST(AnthropicEncoder, AnotherVersionMayBeConfigured) {
  Target target;
  target.headers = {{"Anthropic-Version", "2030-01-01"}, {"anthropic-beta", "x"}};
  for (const HttpRequest& http : {EncodeChat(Hello(), target), EncodeListModels(target)}) {
    EXPECT_THAT(http.headers, Contains(Pair("Anthropic-Version", "2030-01-01")));
    EXPECT_THAT(http.headers, Contains(Pair("anthropic-beta", "x")));
    EXPECT_THAT(http.headers, Not(Contains(Pair("anthropic-version", ::testing::_))));
  }
}

}  // namespace
}  // namespace sluice::dialect::anthropic
