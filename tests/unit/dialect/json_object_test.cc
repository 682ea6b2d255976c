#include "server/dialect/json_object.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::dialect {
namespace {

TEST(JsonObjectTest, OneObjectAndNothingElse) {
  for (const char* text : {"{}", " {\"a\":1}\n", R"({"a":{"b":[1e999]}})"}) EXPECT_TRUE(IsJsonObject(text)) << text;
  for (const char* text : {"", " ", "[]", "1", "\"{}\"", "{", "{}{}", "{'a':1}", "{} x", "null"}) {
    EXPECT_FALSE(IsJsonObject(text)) << text;
  }
}

TEST(JsonObjectTest, WhatIsNestedWithoutEndIsNone) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  EXPECT_FALSE(IsJsonObject(deep));
}

}  // namespace
}  // namespace sluice::dialect
