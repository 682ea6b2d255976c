#include "server/config/secret.h"

#include <gtest/gtest.h>

#include <sstream>

namespace sluice::config {
namespace {

TEST(SecretTest, PrintsAsAMarkAndIsReadOnlyByReveal) {
  const Secret secret("HS-real");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "[secret]");
  EXPECT_EQ(testing::PrintToString(secret), "[secret]");
  EXPECT_EQ(secret.Reveal(), "HS-real");
}

TEST(SecretTest, ComparesByValue) {
  EXPECT_EQ(Secret("a"), Secret("a"));
  EXPECT_NE(Secret("a"), Secret("b"));
  EXPECT_TRUE(Secret().empty());
  EXPECT_FALSE(Secret("a").empty());
}

}  // namespace
}  // namespace sluice::config
