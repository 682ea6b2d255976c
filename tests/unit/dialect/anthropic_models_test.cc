#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/anthropic/models.h"

namespace sluice::dialect::anthropic {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AnthropicModels, ReadsTheList) {
  const auto models = DecodeModels(
      R"({"data":[{"type":"model","id":"claude-a","display_name":"A","created_at":"2025-09-29T00:00:00Z",)"
      R"("max_input_tokens":200000},{"type":"model","id":"claude-b","created_at":"soon","max_input_tokens":0},)"
      R"({"id":""},{"name":"c"},7],"has_more":false,"first_id":"claude-a","last_id":"claude-b"})");
  ASSERT_TRUE(models.ok());
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[0].id, "claude-a");
  EXPECT_EQ((*models)[0].owner, "anthropic");
  EXPECT_EQ((*models)[0].created, 1759104000);
  EXPECT_EQ((*models)[0].context_length, 200000);
  EXPECT_EQ((*models)[1].id, "claude-b");
  EXPECT_FALSE((*models)[1].created.has_value());
  EXPECT_FALSE((*models)[1].context_length.has_value());
}

TEST(AnthropicModels, AnErrorWithStatus200IsAnError) {
  const auto models = DecodeModels(R"({"type":"error","error":{"type":"authentication_error","message":"secret"}})");
  EXPECT_EQ(models.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(models.status().message()), HasSubstr("check api_key"));
  EXPECT_THAT(std::string(models.status().message()), Not(HasSubstr("secret")));
}

TEST(AnthropicModels, WhatIsNoListSaysWhatToCheck) {
  for (const char* body : {"", "<html>", "{}", R"({"data":{}})", "null", "[]", "{\"data\":["}) {
    const auto models = DecodeModels(body);
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInternal) << body;
    EXPECT_THAT(std::string(models.status().message()), HasSubstr("base_url")) << body;
  }
}

}  // namespace
}  // namespace sluice::dialect::anthropic
