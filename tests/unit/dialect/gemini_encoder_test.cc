#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/gemini/encoder.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect::gemini {
namespace {

using ::testing::HasSubstr;

constexpr char kContents[] = R"("contents":[{"role":"user","parts":[{"text":"x"}]}])";

std::string With(absl::string_view rest) {
  return std::string("{") + kContents + std::string(rest.data(), rest.size()) + "}";
}

TEST(GeminiEncoderTest, TheSmallestRequest) { EXPECT_EQ(FittedBody(UserSays("x")), With("")); }

TEST(GeminiEncoderTest, Generation) {
  chat::Request request = UserSays("x");
  request.temperature = 0;
  request.top_p = 0.9;
  request.n = 2;
  request.max_completion_tokens = 100;
  request.stop = {"END", "\n"};
  request.presence_penalty = -2;
  request.frequency_penalty = 0.1;
  request.seed = -7;
  request.logprobs = true;
  request.top_logprobs = 5;
  request.reasoning_effort = chat::ReasoningEffort::kMedium;
  request.modalities = {chat::Modality::kText};
  EXPECT_EQ(FittedBody(request),
            With(R"(,"generationConfig":{"temperature":0,"topP":0.9,"candidateCount":2,"maxOutputTokens":100,)"
                 R"("stopSequences":["END","\n"],"presencePenalty":-2,"frequencyPenalty":0.1,"seed":-7,)"
                 R"("responseLogprobs":true,"logprobs":5,"responseModalities":["TEXT"],)"
                 R"("thinkingConfig":{"thinkingLevel":"MEDIUM","includeThoughts":true}})"));
}

TEST(GeminiEncoderTest, DefaultsStandInForWhatTheCallerLeftOut) {
  Target target;
  target.default_temperature = 0.7;
  target.default_max_tokens = 2048;
  EXPECT_EQ(FittedBody(UserSays("x"), target),
            With(R"(,"generationConfig":{"temperature":0.7,"maxOutputTokens":2048})"));
  chat::Request request = UserSays("x");
  request.temperature = 0;
  request.max_tokens = 7;
  EXPECT_EQ(FittedBody(request, target), With(R"(,"generationConfig":{"temperature":0,"maxOutputTokens":7})"));
}

TEST(GeminiEncoderTest, ThinkingByBudget) {
  Target target;
  target.reasoning = ReasoningStyle::kBudget;
  chat::Request request = UserSays("x");
  request.reasoning_effort = chat::ReasoningEffort::kLow;
  EXPECT_EQ(FittedBody(request, target),
            With(R"(,"generationConfig":{"thinkingConfig":{"thinkingBudget":1024,"includeThoughts":true}})"));
  request.reasoning_effort = chat::ReasoningEffort::kNone;
  EXPECT_EQ(FittedBody(request, target), With(R"(,"generationConfig":{"thinkingConfig":{"thinkingBudget":0}})"));
}

TEST(GeminiEncoderTest, ResponseFormats) {
  chat::Request request = UserSays("x");
  auto& format = request.response_format.emplace();
  format.kind = chat::ResponseFormat::Kind::kJsonObject;
  EXPECT_EQ(FittedBody(request), With(R"(,"generationConfig":{"responseMimeType":"application/json"})"));
  format.kind = chat::ResponseFormat::Kind::kJsonSchema;
  format.name = "n";
  format.schema_json = R"({ "type": "object", "z":1.0, "a":{} })";
  EXPECT_EQ(FittedBody(request), With(R"(,"generationConfig":{"responseMimeType":"application/json",)"
                                      R"("responseJsonSchema":{ "type": "object", "z":1.0, "a":{} }})"));
}

TEST(GeminiEncoderTest, ExtraMembersGoWhereTheyBelong) {
  chat::Request request = UserSays("x");
  request.extra_json =
      R"({"safetySettings": [ {"category":"C","threshold":"OFF"} ],"generationConfig":{"topK":40, "speechConfig":{ }},)"
      R"("labels":{"a":"b"},"cachedContent":"cachedContents/1"})";
  EXPECT_EQ(
      FittedBody(request),
      With(
          R"(,"generationConfig":{"topK":40,"speechConfig":{ }},"safetySettings":[ {"category":"C","threshold":"OFF"} ],)"
          R"("labels":{"a":"b"},"cachedContent":"cachedContents/1")"));
  request.temperature = 1;
  EXPECT_THAT(FittedBody(request), HasSubstr(R"("generationConfig":{"temperature":1,"topK":40,"speechConfig":{ }})"));
}

TEST(GeminiEncoderTest, HeadAndAddress) {
  Target target;
  target.base_url = "https://a/v1beta";
  target.api_key = "k";
  target.headers = {{"X-Team", "chat"}};
  const HttpRequest http = EncodeChat(UserSays("x"), target);
  EXPECT_EQ(http.method, "POST");
  EXPECT_EQ(http.url, "https://a/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  EXPECT_EQ(http.headers, (Headers{{"Content-Type", "application/json"},
                                   {"Accept", "text/event-stream"},
                                   {"x-goog-api-key", "k"},
                                   {"X-Team", "chat"}}));
  const HttpRequest list = EncodeListModels(target);
  EXPECT_EQ(list.method, "GET");
  EXPECT_EQ(list.url, "https://a/v1beta/models?pageSize=1000");
}

TEST(GeminiEncoderTest, ModelsByTheirResourceNames) {
  const auto url = [](absl::string_view model) {
    chat::Request request = UserSays("x");
    request.model = std::string(model);
    return EncodeChat(request, {}).url;
  };
  EXPECT_EQ(url("models/gemini-3-pro"), "/models/gemini-3-pro:streamGenerateContent?alt=sse");
  EXPECT_EQ(url("tunedModels/mine-1"), "/tunedModels/mine-1:streamGenerateContent?alt=sse");
  EXPECT_EQ(url("tuned?x"), "/models/tuned%3Fx:streamGenerateContent?alt=sse");
}

TEST(GeminiEncoderTest, ATargetsOwnPathAndKey) {
  Target target;
  target.base_url = "https://a/v1/projects/p/locations/global";
  target.chat_path = "/publishers/google/models/{model}:streamGenerateContent?alt=sse";
  target.auth_header = "Authorization";
  target.auth_prefix = "Bearer ";
  target.api_key = "k";
  const HttpRequest http = EncodeChat(UserSays("x"), target);
  EXPECT_EQ(http.url,
            "https://a/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:streamGenerateContent"
            "?alt=sse");
  EXPECT_EQ(http.headers[2], std::make_pair(std::string("Authorization"), std::string("Bearer k")));
}

}  // namespace
}  // namespace sluice::dialect::gemini
