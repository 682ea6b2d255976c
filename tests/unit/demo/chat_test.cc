#include "server/demo/chat.h"

#include <string>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::demo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ChatRequest Parse(absl::string_view body) {
  const auto parsed = ParseChatRequest(body);
  const auto* error = std::get_if<ApiError>(&parsed);
  EXPECT_EQ(error, nullptr) << error->message;
  return error == nullptr ? std::get<ChatRequest>(parsed) : ChatRequest();
}

ApiError ErrorOf(absl::string_view body) {
  const auto parsed = ParseChatRequest(body);
  EXPECT_TRUE(std::holds_alternative<ApiError>(parsed)) << body;
  const auto* error = std::get_if<ApiError>(&parsed);
  return error == nullptr ? ApiError() : *error;
}

std::string Echo(const std::string& text, const std::string& more = "") {
  return R"({"model":"demo-echo","messages":[{"role":"user","content":")" + text + "\"}]" + more + "}";
}

TEST(DemoRequest, ReadsWhatItNeeds) {
  const ChatRequest request = Parse(R"({"model":"demo","stream":true,"stream_options":{"include_usage":true},
      "max_tokens":5,"temperature":0.7,"tools":[],"n":1,"messages":[{"role":"system","content":"be kind"},
      {"role":"user","content":"привет you"},{"role":"assistant","content":null}]})");
  EXPECT_EQ(request.model, "demo");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.max_tokens, 5);
  EXPECT_EQ(request.messages, 3u);
  EXPECT_EQ(request.characters, 17u);  // characters, not bytes
  EXPECT_EQ(request.prompt_words, 4);
  EXPECT_EQ(request.last_user_text, "привет you");
}

TEST(DemoRequest, NullsAndAbsencesAreDefaults) {
  const ChatRequest request = Parse(R"({"model":"demo","stream":null,"stream_options":null,"max_tokens":null,"n":null,
      "messages":[{"role":"user","content":"x"}]})");
  EXPECT_FALSE(request.stream);
  EXPECT_FALSE(request.include_usage);
  EXPECT_FALSE(request.max_tokens.has_value());
}

TEST(DemoRequest, TheNewerTokenLimitWins) {
  EXPECT_EQ(Parse(Echo("x", R"(,"max_tokens":9,"max_completion_tokens":2)")).max_tokens, 2);
}

TEST(DemoRequest, TextPartsAreJoinedAndOthersLeftOut) {
  const ChatRequest request = Parse(R"({"model":"demo","messages":[{"role":"user","content":[
      {"type":"text","text":"a "},{"type":"image_url","image_url":{"url":"data:x"}},{"type":"text","text":"b"}]}]})");
  EXPECT_EQ(request.last_user_text, "a b");
}

TEST(DemoRequest, WhatIsNoJsonObjectIsABadRequest) {
  for (const char* body : {"", "{", "[]", "null", "\"x\"", "{\"model\":\"demo\"}x", "{\"model\":\"\xff\"}"}) {
    const ApiError error = ErrorOf(body);
    EXPECT_EQ(error.http_status, 400) << body;
    EXPECT_THAT(error.message, HasSubstr("JSON")) << body;
  }
}

TEST(DemoRequest, AnUnknownModelIsNotFound) {
  const ApiError error = ErrorOf(R"({"model":"gpt-4.1","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(error.http_status, 404);
  EXPECT_EQ(error.code, "model_not_found");
  EXPECT_EQ(error.param, "model");
  EXPECT_THAT(error.message, HasSubstr("gpt-4.1"));
}

TEST(DemoRequest, WrongMembersAreNamed) {
  EXPECT_EQ(ErrorOf(R"({"messages":[{"role":"user","content":"x"}]})").param, "model");
  EXPECT_EQ(ErrorOf(R"({"model":"demo"})").param, "messages");
  EXPECT_EQ(ErrorOf(R"({"model":"demo","messages":[]})").param, "messages");
  EXPECT_EQ(ErrorOf(R"({"model":"demo","messages":[{"content":"x"}]})").param, "messages");
  EXPECT_EQ(ErrorOf(Echo("x", R"(,"stream":"yes")")).param, "stream");
  EXPECT_EQ(ErrorOf(Echo("x", R"(,"stream_options":{"include_usage":1})")).param, "stream_options");
  EXPECT_EQ(ErrorOf(Echo("x", R"(,"max_tokens":0)")).param, "max_tokens");
  EXPECT_EQ(ErrorOf(Echo("x", R"(,"max_completion_tokens":1.5)")).param, "max_completion_tokens");
  EXPECT_EQ(ErrorOf(Echo("x", R"(,"n":2)")).param, "n");
}

TEST(DemoAnswer, TheEchoRepeatsTheLastUserMessageWordByWord) {
  const Answer answer = MakeAnswer(Parse(Echo(R"( one  two\n\tthree )")));
  EXPECT_THAT(answer.words, ElementsAre(" one", "  two", "\n\tthree "));
  EXPECT_FALSE(answer.cut);
}

TEST(DemoAnswer, TheEchoOfNothingIsNothing) {
  EXPECT_THAT(MakeAnswer(Parse(Echo(""))).words, IsEmpty());
  EXPECT_THAT(MakeAnswer(Parse(Echo("  "))).words, ElementsAre("  "));
}

TEST(DemoAnswer, SaysThatNoModelIsBehindItAndHowToReachOne) {
  const ChatRequest request = Parse(R"({"model":"demo","messages":[{"role":"user","content":"12345"},
      {"role":"user","content":"6"}]})");
  const std::string text = absl::StrJoin(MakeAnswer(request).words, "");
  EXPECT_THAT(text, HasSubstr("no language model is behind it"));
  EXPECT_THAT(text, HasSubstr("2 messages and 6 characters"));
  EXPECT_THAT(text, HasSubstr("HOLYSHEEP_API_KEY"));
}

TEST(DemoAnswer, StopsAtTheTokenLimit) {
  const Answer cut = MakeAnswer(Parse(Echo("a b c", R"(,"max_tokens":2)")));
  EXPECT_THAT(cut.words, ElementsAre("a", " b"));
  EXPECT_TRUE(cut.cut);
  const Answer exact = MakeAnswer(Parse(Echo("a b c", R"(,"max_tokens":3)")));
  EXPECT_EQ(exact.words.size(), 3u);
  EXPECT_FALSE(exact.cut);
}

}  // namespace
}  // namespace sluice::demo
