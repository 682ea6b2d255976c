#include "server/dialect/model_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/errors.h"

namespace sluice::dialect {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::vector<Model>> Read(absl::string_view body) {
  return ReadModelList(body, {.list = [](json::Value root) { return root.Find("list"); },
                              .model = [](json::Value entry) -> std::optional<Model> {
                                if (!entry.is_string()) return std::nullopt;
                                return Model{std::string(entry.AsString()), "me", {}, {}};
                              },
                              .error = [](json::Value root) { return ReadError(root, /*http_status=*/0); }});
}

TEST(ModelListTest, EntriesWithoutAnIdAndNoModelsAreLeftOut) {
  const auto models = Read("{\"list\":[\"a\",7,\"\",null,\"b\xFF\"]}");
  ASSERT_TRUE(models.ok());
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[0].id, "a");
  EXPECT_EQ((*models)[1].id, "b\xEF\xBF\xBD");
}

TEST(ModelListTest, AnErrorInPlaceOfTheListIsTheUpstreams) {
  EXPECT_EQ(Read(R"({"error":{"message":"down"}})").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Read(R"({"error":{"message":"down"},"list":[]})").ok());
}

TEST(ModelListTest, WhatIsNoListSaysWhatToCheck) {
  for (const char* body : {"", "<html>", "{\"list\":[", "{\"list\":{}}", "[]", "null"}) {
    const auto models = Read(body);
    EXPECT_EQ(models.status().code(), absl::StatusCode::kInternal) << body;
    EXPECT_THAT(std::string(models.status().message()), HasSubstr("base_url")) << body;
  }
}

TEST(ModelListTest, AContextIsLongerThanNothing) {
  json::Tape tape;
  ASSERT_EQ(tape.Parse(R"([128000,0,-1,"128000",1.5,null])"), json::Tape::Result::kOk);
  std::vector<std::optional<int64_t>> lengths;
  for (const json::Value value : tape.root().elements()) lengths.push_back(ReadContextLength(value));
  const std::optional<int64_t> none;
  EXPECT_THAT(lengths, ::testing::ElementsAre(128000, none, none, none, none, none));
}

}  // namespace
}  // namespace sluice::dialect
