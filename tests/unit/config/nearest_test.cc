#include "server/config/nearest.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(NearestTest, NamesTheWordThatWasMeant) {
  const std::vector<std::string> known = {"connect", "tls", "first_byte", "first_output"};
  EXPECT_EQ(DidYouMean("conect", known), " (did you mean \"connect\"?)");
  EXPECT_EQ(DidYouMean("tsl", known), " (did you mean \"tls\"?)");
  EXPECT_EQ(DidYouMean("firstbyte", known), " (did you mean \"first_byte\"?)");
  EXPECT_EQ(DidYouMean("fist_output", known), " (did you mean \"first_output\"?)");
}

TEST(NearestTest, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(DidYouMean("retry", {"connect", "tls"}), "");
  EXPECT_EQ(DidYouMean("x", {}), "");
  EXPECT_EQ(DidYouMean("c", {"a", "b"}), "");  // one letter for another means nothing
  EXPECT_EQ(DidYouMean(std::string(100'000, 'a'), {std::string(100'000, 'a')}), "");
}

}  // namespace
}  // namespace sluice::config
