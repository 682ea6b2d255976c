#include "server/dialect/data_uri.h"

#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

void ExpectRead(absl::string_view uri, absl::string_view mime_type, absl::string_view base64) {
  const auto data = ReadDataUri(uri);
  ASSERT_TRUE(data.has_value()) << uri;
  EXPECT_EQ(data->mime_type, mime_type) << uri;
  EXPECT_EQ(data->base64, base64) << uri;
}

TEST(DataUriTest, Base64StaysAsItIs) {
  ExpectRead("data:image/png;base64,QUI=", "image/png", "QUI=");
  ExpectRead("DATA:image/svg+xml;charset=utf-8;BASE64,QUI=", "image/svg+xml;charset=utf-8", "QUI=");
}

TEST(DataUriTest, EscapesAreUndone) {
  ExpectRead("data:image/svg+xml,%3Csvg%3e", "image/svg+xml", "PHN2Zz4=");
  ExpectRead("data:image/svg%2Bxml;base64,QUI%3D", "image/svg+xml", "QUI=");
  ExpectRead("data:text/plain,100%", "text/plain", "MTAwJQ==");
}

TEST(DataUriTest, WhatSaysTooLittleIsNone) {
  for (const char* uri : {"data:", "data:image/png;base64", "data:,x", "data:;base64,QUI=", "data:image/png;base64,",
                          "data:image/png;base64,***", "https://a/b,c", ""}) {
    EXPECT_FALSE(ReadDataUri(uri).has_value()) << uri;
  }
}

TEST(DataUriTest, OnlyTheSchemeMakesADataUri) {
  EXPECT_TRUE(IsDataUri("Data:x"));
  EXPECT_FALSE(IsDataUri("https://data:x"));
}

}  // namespace
}  // namespace sluice::dialect
