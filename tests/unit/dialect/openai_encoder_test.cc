#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/openai/encoder.h"
#include "tests/unit/chat/messages.h"

namespace sluice::dialect::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

chat::Request Hello() {
  chat::Request request;
  request.model = "gpt-4.1";
  request.messages.push_back(chat::Say(chat::Role::kUser, {"Hello"}, ""));
  return request;
}

std::string Body(const chat::Request& request, const Target& target = {}) { return EncodeChat(request, target).body; }

TEST(EncodeChatTest, TheSmallestRequest) {
  EXPECT_EQ(
      Body(Hello()),
      R"({"model":"gpt-4.1","messages":[{"role":"user","content":"Hello"}],"stream":true,"stream_options":{"include_usage":true}})");
}

TEST(EncodeChatTest, EveryField) {
  chat::Request request = Hello();
  request.messages = {chat::Say(chat::Role::kDeveloper, {"d"}, ""), chat::Say(chat::Role::kSystem, {"s"}, "sys"),
                      chat::Say(chat::Role::kUser, {"one", "two"}, "u\"1"),
                      chat::Say(chat::Role::kAssistant, {"a\n\xC3\xA9"}, "")};
  request.temperature = 0.7;
  request.top_p = 1;
  request.presence_penalty = -2;
  request.frequency_penalty = 0.1;
  request.n = 2;
  request.max_completion_tokens = 100;
  request.max_tokens = 50;
  request.stop = {"END", "\n"};
  request.seed = 9223372036854775807;
  request.logprobs = true;
  request.top_logprobs = 5;
  request.store = false;
  request.service_tier = chat::ServiceTier::kFlex;
  request.reasoning_effort = chat::ReasoningEffort::kXHigh;
  request.verbosity = chat::Verbosity::kLow;
  request.prompt_cache_retention = chat::CacheRetention::k24h;
  request.prompt_cache_key = "key";
  request.safety_identifier = "safe";
  request.user = "someone";
  EXPECT_EQ(
      Body(request),
      R"({"model":"gpt-4.1","messages":[{"role":"developer","content":"d"},{"role":"system","content":"s","name":"sys"},)"
      R"({"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}],"name":"u\"1"},)"
      "{\"role\":\"assistant\",\"content\":\"a\\n\xC3\xA9\"}],"
      R"("stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"top_p":1,"presence_penalty":-2,)"
      R"("frequency_penalty":0.1,"n":2,"max_completion_tokens":100,"max_tokens":50,"stop":["END","\n"],)"
      R"("seed":9223372036854775807,"logprobs":true,"top_logprobs":5,"reasoning_effort":"xhigh","verbosity":"low",)"
      R"("store":false,"service_tier":"flex","prompt_cache_retention":"24h","prompt_cache_key":"key",)"
      R"("safety_identifier":"safe","user":"someone"})");
}

TEST(EncodeChatTest, EveryFieldOfToolsOutputAndAccount) {
  chat::Request request = Hello();
  request.logit_bias = {{-1, 5}, {50256, -100}};
  request.tools = {{chat::ToolKind::kFunction, "f", "", {}, {}, {}}};
  request.modalities = {chat::Modality::kText, chat::Modality::kAudio};
  request.audio = chat::AudioOutput{"alloy", chat::AudioFormat::kPcm16};
  request.prediction = {"one", "two"};
  request.moderation = chat::ModerationRequest{"omni", "{ \"a\": 1 }"};
  request.web_search =
      chat::WebSearch{chat::SearchContextSize::kLow, chat::Location{"DE", "", "Bonn", "Europe/Berlin"}};
  request.metadata = {{"a", "1"}, {"b", "\""}};
  request.prompt_cache_options = chat::PromptCacheOptions{chat::CacheMode::kExplicit, "30m"};
  request.include_obfuscation = false;
  request.extra_json = R"({"top_k": 5, "provider":{"order":["a"]}})";
  EXPECT_EQ(
      Body(request),
      R"({"model":"gpt-4.1","messages":[{"role":"user","content":"Hello"}],"stream":true,)"
      R"("stream_options":{"include_usage":true,"include_obfuscation":false},"logit_bias":{"-1":5,"50256":-100},)"
      R"("tools":[{"type":"function","function":{"name":"f"}}],"modalities":["text","audio"],)"
      R"("audio":{"voice":"alloy","format":"pcm16"},"prediction":{"type":"content","content":[)"
      R"({"type":"text","text":"one"},{"type":"text","text":"two"}]},"moderation":{"model":"omni","policy":{ "a": 1 }},)"
      R"("web_search_options":{"search_context_size":"low","user_location":{"type":"approximate","approximate":)"
      R"({"country":"DE","city":"Bonn","timezone":"Europe/Berlin"}}},"metadata":{"a":"1","b":"\""},)"
      R"("prompt_cache_options":{"mode":"explicit","ttl":"30m"},"top_k":5,"provider":{"order":["a"]}})");
}

TEST(EncodeChatTest, ASolePredictionIsAString) {
  chat::Request request = Hello();
  request.prediction = {"one"};
  EXPECT_THAT(Body(request), HasSubstr(R"("prediction":{"type":"content","content":"one"})"));
}

TEST(EncodeChatTest, TheLimitOfTokensGoesUnderTheNameThatTheServerTakes) {
  Target target;
  target.default_max_tokens = 9;
  chat::Request request = Hello();
  target.token_limit_name = TokenLimitName::kMaxCompletionTokens;
  EXPECT_THAT(Body(request, target), HasSubstr(R"(,"max_completion_tokens":9})"));
  request.max_tokens = 7;
  EXPECT_THAT(Body(request, target), HasSubstr(R"(,"max_completion_tokens":7})"));
  target.token_limit_name = TokenLimitName::kMaxTokens;
  EXPECT_THAT(Body(request, target), HasSubstr(R"(,"max_tokens":7})"));
  request.max_completion_tokens = 5;  // the newer name counts where both are given
  EXPECT_THAT(Body(request, target), HasSubstr(R"(,"max_tokens":5})"));
}

TEST(EncodeChatTest, UsageIsNotAskedForWhereTheServerRefusesIt) {
  Target target;
  target.ask_usage = false;
  EXPECT_THAT(Body(Hello(), target), Not(HasSubstr("stream_options")));
}

TEST(EncodeChatTest, ACallersZeroStays) {
  chat::Request request = Hello();
  request.temperature = 0;
  request.seed = 0;
  request.top_p = 0;
  Target target;
  target.default_temperature = 0.7;
  EXPECT_THAT(Body(request, target), HasSubstr(R"("temperature":0,"top_p":0,"seed":0})"));
}

TEST(EncodeChatTest, DefaultsStandInForWhatTheCallerLeftOut) {
  Target target;
  target.default_temperature = 0.7;
  target.default_max_tokens = 2048;
  EXPECT_THAT(Body(Hello(), target), HasSubstr(R"("temperature":0.7,"max_tokens":2048})"));
}

TEST(EncodeChatTest, DefaultMaxTokensNeverStandsBesideTheCallersLimit) {
  Target target;
  target.default_max_tokens = 2048;
  chat::Request request = Hello();
  request.max_completion_tokens = 5;
  EXPECT_THAT(Body(request, target), HasSubstr(R"("max_completion_tokens":5})"));
  request = Hello();
  request.max_tokens = 7;
  EXPECT_THAT(Body(request, target), HasSubstr(R"("max_tokens":7})"));
}

TEST(EncodeChatTest, UsageIsAskedForEvenIfTheCallerWantsNone) {
  chat::Request request = Hello();
  request.include_usage = false;
  EXPECT_THAT(Body(request), HasSubstr(R"("stream_options":{"include_usage":true})"));
}

TEST(EncodeChatTest, SpellsEveryEnumValue) {
  chat::Request request = Hello();
  const auto word = [&](const char* expected) { EXPECT_THAT(Body(request), HasSubstr(expected)); };
  using Tier = chat::ServiceTier;
  for (const auto& [tier, text] :
       {std::pair(Tier::kAuto, R"("service_tier":"auto")"), std::pair(Tier::kDefault, R"("service_tier":"default")"),
        std::pair(Tier::kFlex, R"("service_tier":"flex")"), std::pair(Tier::kScale, R"("service_tier":"scale")"),
        std::pair(Tier::kPriority, R"("service_tier":"priority")"),
        std::pair(Tier::kFast, R"("service_tier":"fast")")}) {
    request.service_tier = tier;
    word(text);
  }
  using Effort = chat::ReasoningEffort;
  for (const auto& [effort, text] : {std::pair(Effort::kNone, R"("reasoning_effort":"none")"),
                                     std::pair(Effort::kMinimal, R"("reasoning_effort":"minimal")"),
                                     std::pair(Effort::kLow, R"("reasoning_effort":"low")"),
                                     std::pair(Effort::kMedium, R"("reasoning_effort":"medium")"),
                                     std::pair(Effort::kHigh, R"("reasoning_effort":"high")"),
                                     std::pair(Effort::kXHigh, R"("reasoning_effort":"xhigh")"),
                                     std::pair(Effort::kMax, R"("reasoning_effort":"max")")}) {
    request.reasoning_effort = effort;
    word(text);
  }
  for (const auto& [verbosity, text] : {std::pair(chat::Verbosity::kLow, R"("verbosity":"low")"),
                                        std::pair(chat::Verbosity::kMedium, R"("verbosity":"medium")"),
                                        std::pair(chat::Verbosity::kHigh, R"("verbosity":"high")")}) {
    request.verbosity = verbosity;
    word(text);
  }
  request.prompt_cache_retention = chat::CacheRetention::kInMemory;
  word(R"("prompt_cache_retention":"in_memory")");
}

TEST(EncodeChatTest, HeadAndAddress) {
  Target target;
  target.base_url = "https://api.example.com/v1";
  target.api_key = "sk-1";
  target.headers = {{"X-Team", "chat"}, {"OpenAI-Organization", "o"}};
  const HttpRequest http = EncodeChat(Hello(), target);
  EXPECT_EQ(http.method, "POST");
  EXPECT_EQ(http.url, "https://api.example.com/v1/chat/completions");
  EXPECT_EQ(http.headers, (Headers{{"Content-Type", "application/json"},
                                   {"Accept", "text/event-stream"},
                                   {"Authorization", "Bearer sk-1"},
                                   {"X-Team", "chat"},
                                   {"OpenAI-Organization", "o"}}));
}

TEST(EncodeChatTest, WithoutAKeyNoCredentialsAreSent) {
  EXPECT_EQ(EncodeChat(Hello(), {}).headers,
            (Headers{{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}}));
}

TEST(EncodeListModelsTest, HeadAndAddress) {
  Target target;
  target.base_url = "http://localhost:8000/v1";
  target.api_key = "k";
  target.headers = {{"X-A", "b"}};
  const HttpRequest http = EncodeListModels(target);
  EXPECT_EQ(http.method, "GET");
  EXPECT_EQ(http.url, "http://localhost:8000/v1/models");
  EXPECT_EQ(http.headers, (Headers{{"Accept", "application/json"}, {"Authorization", "Bearer k"}, {"X-A", "b"}}));
  EXPECT_EQ(http.body, "");
}

}  // namespace
}  // namespace sluice::dialect::openai
