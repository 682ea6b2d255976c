#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/openai/models.h"

namespace sluice::dialect::openai {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DecodeModelsTest, ReadsTheList) {
  const auto models = DecodeModels(
      R"({"object":"list","data":[{"id":"a","object":"model","created":1686935002,"owned_by":"openai"},{"id":"b","meta":{"n_ctx":1}}]})");
  ASSERT_TRUE(models.ok());
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[0].id, "a");
  EXPECT_EQ((*models)[0].owner, "openai");
  EXPECT_EQ((*models)[0].created, 1686935002);
  EXPECT_EQ((*models)[1].id, "b");
  EXPECT_EQ((*models)[1].owner, "");
  EXPECT_FALSE((*models)[1].created.has_value());
}

TEST(DecodeModelsTest, ReadsABareArrayAndSkipsWhatHasNoId) {
  const auto models = DecodeModels(R"([{"id":"a"},{"id":""},{"name":"b"},null,7,{"id":3}])");
  ASSERT_TRUE(models.ok());
  ASSERT_EQ(models->size(), 1u);
}

TEST(DecodeModelsTest, AnEmptyListIsAList) {
  const auto models = DecodeModels(R"({"data":[]})");
  ASSERT_TRUE(models.ok());
  EXPECT_TRUE(models->empty());
}

TEST(DecodeModelsTest, AnErrorWithStatus200IsAnError) {
  const auto models = DecodeModels(R"({"error":{"message":"secret","code":"invalid_api_key"}})");
  EXPECT_EQ(models.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(models.status().message()), HasSubstr("check api_key"));
  EXPECT_THAT(std::string(models.status().message()), Not(HasSubstr("secret")));
}

TEST(DecodeModelsTest, WhatIsNoListSaysWhatToCheck) {
  for (const char* body : {"", "<html>", "{}", R"({"data":{}})", "null", "{\"data\":["}) {
    const auto models = DecodeModels(body);
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInternal) << body;
    EXPECT_THAT(std::string(models.status().message()), HasSubstr("base_url")) << body;
  }
}

TEST(DecodeModelsTest, InvalidBytesAreReplaced) {
  const auto models = DecodeModels("{\"data\":[{\"id\":\"a\xFF\"}]}");
  ASSERT_TRUE(models.ok());
  EXPECT_EQ((*models)[0].id, "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace sluice::dialect::openai
