#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/gemini/models.h"

namespace sluice::dialect::gemini {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(GeminiModelsTest, ReadsThoseThatCanChat) {
  const auto models = DecodeModels(R"({"models":[
    {"name":"models/gemini-2.5-flash","displayName":"Gemini 2.5 Flash","inputTokenLimit":1048576,
     "supportedGenerationMethods":["generateContent","countTokens"]},
    {"name":"models/embedding-001","inputTokenLimit":2048,"supportedGenerationMethods":["embedContent"]},
    {"name":"tunedModels/mine","inputTokenLimit":0},
    {"name":"models/"},{"displayName":"x"},null,7],"nextPageToken":"t"})");
  ASSERT_TRUE(models.ok());
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[0].id, "gemini-2.5-flash");
  EXPECT_EQ((*models)[0].owner, "google");
  EXPECT_EQ((*models)[0].context_length, 1048576);
  EXPECT_FALSE((*models)[0].created.has_value());
  EXPECT_EQ((*models)[1].id, "tunedModels/mine");
  EXPECT_FALSE((*models)[1].context_length.has_value());
}

TEST(GeminiModelsTest, AnErrorWithStatus200IsAnError) {
  const auto models = DecodeModels(
      R"({"error":{"code":400,"message":"secret","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}})");
  EXPECT_EQ(models.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(models.status().message()), HasSubstr("check api_key"));
  EXPECT_THAT(std::string(models.status().message()), Not(HasSubstr("secret")));
}

TEST(GeminiModelsTest, WhatIsNoListSaysWhatToCheck) {
  for (const char* body : {"", "<html>", "{}", R"({"models":{}})", R"({"data":[]})", "[]", "{\"models\":["}) {
    const auto models = DecodeModels(body);
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInternal) << body;
    EXPECT_THAT(std::string(models.status().message()), HasSubstr("base_url")) << body;
  }
}

}  // namespace
}  // namespace sluice::dialect::gemini
