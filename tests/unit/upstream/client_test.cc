#include "server/upstream/client.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

TEST(ClientTest, StagesHaveTheNamesOfTheirTimeouts) {
  EXPECT_STREQ(StageName(Stage::kPool), "pool");
  EXPECT_STREQ(StageName(Stage::kConnect), "connect");
  EXPECT_STREQ(StageName(Stage::kTls), "tls");
  EXPECT_STREQ(StageName(Stage::kSend), "send");
  EXPECT_STREQ(StageName(Stage::kFirstByte), "first_byte");
  EXPECT_STREQ(StageName(Stage::kBody), "idle");
}

TEST(ClientTest, HeaderIsTheFirstOfItsName) {
  const ReplyHead head{200, {{"a", "1"}, {"b", "2"}, {"a", "3"}}};
  EXPECT_EQ(head.Header("a"), "1");
  EXPECT_EQ(head.Header("b"), "2");
  EXPECT_EQ(head.Header("c"), "");
}

}  // namespace
}  // namespace sluice::upstream
