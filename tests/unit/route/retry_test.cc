#include "server/route/retry.h"

#include <map>
#include <optional>

#include "gtest/gtest.h"
#include "server/base/fake_random.h"

namespace sluice::route {
namespace {

using chat::Error;
using chat::ErrorKind;

constexpr int kKinds = static_cast<int>(ErrorKind::kInternal) + 1;

Error Failure(ErrorKind kind) {
  Error error;
  error.kind = kind;
  return error;
}

// Every kind, and whether another attempt may follow its first failure.
const std::map<ErrorKind, bool>& Decisions() {
  static const std::map<ErrorKind, bool> decisions = {
      {ErrorKind::kBadRequest, false},     {ErrorKind::kNoRoute, false},       {ErrorKind::kRequestTooLarge, false},
      {ErrorKind::kInvalidRequest, false}, {ErrorKind::kContextLength, false}, {ErrorKind::kContentFilter, false},
      {ErrorKind::kAuthentication, false}, {ErrorKind::kCallerKey, false},     {ErrorKind::kPermission, false},
      {ErrorKind::kQuota, false},          {ErrorKind::kNotFound, false},      {ErrorKind::kRateLimit, true},
      {ErrorKind::kOverloaded, true},      {ErrorKind::kServerError, true},    {ErrorKind::kTimeout, true},
      {ErrorKind::kUnreachable, true},     {ErrorKind::kMalformed, true},      {ErrorKind::kTruncated, true},
      {ErrorKind::kNotSse, true},          {ErrorKind::kTooLarge, false},      {ErrorKind::kTooManyCalls, false},
      {ErrorKind::kAnswerTooLarge, false}, {ErrorKind::kPoolTimeout, false},   {ErrorKind::kCallerStalled, false},
      {ErrorKind::kDeadline, false},       {ErrorKind::kCancelled, false},     {ErrorKind::kDraining, false},
      {ErrorKind::kInternal, false}};
  return decisions;
}

TEST(IsRetryable, EveryKindIsDecided) {
  EXPECT_EQ(Decisions().size(), static_cast<size_t>(kKinds));
  for (int i = 0; i < kKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    const auto decided = Decisions().find(kind);
    ASSERT_NE(decided, Decisions().end()) << "a new kind, " << i << ": decide it above";
    EXPECT_EQ(IsRetryable(Failure(kind), false), decided->second) << chat::ErrorKindName(kind);
  }
}

TEST(IsRetryable, OnlyAMalformedAnswerIsJudgedByTheOneBefore) {
  for (const auto& [kind, retryable] : Decisions()) {
    EXPECT_EQ(IsRetryable(Failure(kind), true), retryable && kind != ErrorKind::kMalformed)
        << chat::ErrorKindName(kind);
  }
}

TEST(IsRetryable, TheUpstreamsWordWinsButForQuota) {
  for (const auto& [kind, unused] : Decisions()) {
    Error error = Failure(kind);
    error.should_retry = true;
    EXPECT_EQ(IsRetryable(error, true), kind != ErrorKind::kQuota) << chat::ErrorKindName(kind);
    error.should_retry = false;
    EXPECT_FALSE(IsRetryable(error, false)) << chat::ErrorKindName(kind);
  }
}

TEST(IsRetryable, EveryTimerButTheWholeCallsAllowsAnother) {
  Error error = Failure(ErrorKind::kTimeout);
  for (const char* stage : {"connect", "tls", "send", "first_byte", "first_output", "idle", ""}) {
    error.stage = stage;
    EXPECT_TRUE(IsRetryable(error, false)) << stage;
  }
  error.stage = "total";
  EXPECT_FALSE(IsRetryable(error, false));
}

class Delay : public ::testing::Test {
 protected:
  std::optional<absl::Duration> After(int failed) { return RetryDelay(policy_, error_, failed, time_left_, random_); }

  RetryPolicy policy_ = {.attempts = 20, .base = absl::Milliseconds(250), .cap = absl::Seconds(8)};
  Error error_ = Failure(ErrorKind::kRateLimit);
  absl::Duration time_left_ = absl::InfiniteDuration();
  FakeRandom random_;  // 0.5
};

TEST_F(Delay, DoublesUpToTheCap) {
  const int64_t expected_ms[] = {125, 250, 500, 1000, 2000, 4000, 4000, 4000};
  for (int failed = 1; failed <= 8; ++failed) {
    EXPECT_EQ(After(failed), absl::Milliseconds(expected_ms[failed - 1])) << failed;
  }
}

TEST_F(Delay, ReachesACapThatIsNoPowerOfTwoTimesTheBase) {
  policy_.cap = absl::Milliseconds(600);
  EXPECT_EQ(After(2), absl::Milliseconds(250));
  EXPECT_EQ(After(3), absl::Milliseconds(300));
  policy_.cap = policy_.base;
  EXPECT_EQ(After(5), absl::Milliseconds(125));
}

TEST_F(Delay, JitterGoesFromNothingToTheWholeBackoff) {
  random_.SetNext(0);
  EXPECT_EQ(After(1), absl::ZeroDuration());
  EXPECT_EQ(After(6), absl::ZeroDuration());
  random_.SetNext(0.999);
  EXPECT_EQ(After(1), absl::Milliseconds(249.75));
  EXPECT_EQ(After(9), absl::Milliseconds(7992));
}

TEST_F(Delay, StaysAtTheCapHoweverManyHaveFailed) {
  policy_.attempts = 2'000'000'000;
  for (int failed : {64, 65, 1100, 1'999'999'999}) EXPECT_EQ(After(failed), absl::Seconds(4)) << failed;
}

TEST_F(Delay, EndsWithTheAttempts) {
  policy_.attempts = 3;
  EXPECT_TRUE(After(1).has_value());
  EXPECT_TRUE(After(2).has_value());
  EXPECT_EQ(After(3), std::nullopt);
  EXPECT_EQ(After(4), std::nullopt);
  policy_.attempts = 1;
  EXPECT_EQ(After(1), std::nullopt);
}

TEST_F(Delay, IsAddedToWhatTheUpstreamAsksFor) {
  error_.retry_after = absl::Seconds(7);
  EXPECT_EQ(After(1), absl::Milliseconds(7125));
  random_.SetNext(0);
  EXPECT_EQ(After(1), absl::Seconds(7));
  error_.retry_after = absl::ZeroDuration();
  random_.SetNext(0.5);
  EXPECT_EQ(After(1), absl::Milliseconds(125));
}

TEST_F(Delay, IsNoneWhenTheUpstreamAsksForMoreThanAMinute) {
  error_.retry_after = absl::Seconds(60);
  EXPECT_EQ(After(1), absl::Milliseconds(60'125));
  error_.retry_after = absl::Milliseconds(60'001);
  EXPECT_EQ(After(1), std::nullopt);
}

TEST_F(Delay, IsNoneThatWouldNotEndInTime) {
  time_left_ = absl::Milliseconds(126);
  EXPECT_EQ(After(1), absl::Milliseconds(125));
  time_left_ = absl::Milliseconds(125);
  EXPECT_EQ(After(1), std::nullopt);
  time_left_ = absl::ZeroDuration();
  random_.SetNext(0);
  EXPECT_EQ(After(1), std::nullopt);
  time_left_ = absl::Seconds(10);
  error_.retry_after = absl::Seconds(10);
  EXPECT_EQ(After(1), std::nullopt);
  error_.retry_after = absl::Milliseconds(9'999);
  EXPECT_EQ(After(1), absl::Milliseconds(9'999));
}

TEST(RetryPolicy, AsksThreeTimesByDefault) {
  FakeRandom random;
  random.SetNext(0.999);
  const Error error = Failure(ErrorKind::kOverloaded);
  EXPECT_LT(RetryDelay({}, error, 1, absl::InfiniteDuration(), random), absl::Milliseconds(250));
  EXPECT_TRUE(RetryDelay({}, error, 2, absl::InfiniteDuration(), random).has_value());
  EXPECT_EQ(RetryDelay({}, error, 3, absl::InfiniteDuration(), random), std::nullopt);
}

}  // namespace
}  // namespace sluice::route
