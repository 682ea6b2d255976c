#include "server/base/random.h"

#include "gtest/gtest.h"
#include "server/base/fake_random.h"

namespace sluice {
namespace {

TEST(RandomTest, DrawsAreInTheUnitIntervalAndFillIt) {
  int low = 0, high = 0;
  for (int i = 0; i < 1000; ++i) {
    const double drawn = Random::Real().Uniform();
    ASSERT_GE(drawn, 0);
    ASSERT_LT(drawn, 1);
    ++(drawn < 0.5 ? low : high);
  }
  EXPECT_GT(low, 100);
  EXPECT_GT(high, 100);
}

TEST(RandomTest, TheFakeDrawsWhatItWasTold) {
  FakeRandom random;
  EXPECT_EQ(random.Uniform(), 0.5);
  random.SetNext(0.25);
  EXPECT_EQ(random.Uniform(), 0.25);
}

}  // namespace
}  // namespace sluice
