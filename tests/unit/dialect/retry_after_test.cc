#include "server/dialect/retry_after.h"

#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfterTest, Seconds) {
  EXPECT_EQ(ParseRetryAfter("0", kNow), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter(" 120 ", kNow), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("0.25", kNow), absl::Milliseconds(250));
}

TEST(RetryAfterTest, DatesInAllThreeForms) {
  for (const char* date :
       {"Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994"}) {
    EXPECT_EQ(ParseRetryAfter(date, kNow), absl::Seconds(60)) << date;
  }
}

TEST(RetryAfterTest, ADateThatHasPassedIsNoDelay) {
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", kNow), absl::ZeroDuration());
}

TEST(RetryAfterTest, NonsenseIsAbsent) {
  for (const char* value : {"", " ", "-1", "soon", "nan", "inf", "1s", "Sun, 06 Nov", "0x10z"}) {
    EXPECT_FALSE(ParseRetryAfter(value, kNow).has_value()) << value;
    EXPECT_FALSE(ParseRetryAfterMs(value).has_value()) << value;
  }
}

TEST(RetryAfterTest, MillisecondsMayHaveAFraction) {
  EXPECT_EQ(ParseRetryAfterMs("1500"), absl::Milliseconds(1500));
  EXPECT_EQ(ParseRetryAfterMs("0.5"), absl::Microseconds(500));
}

}  // namespace
}  // namespace sluice::dialect
