#include "server/exchange/failures.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::exchange {
namespace {

using chat::ErrorKind;
using ::testing::HasSubstr;
using ::testing::Not;
using upstream::Outcome;
using upstream::Stage;

struct Case {
  Outcome outcome;
  Stage stage;
  bool answered;
  ErrorKind kind;
  const char* stage_name;
  const char* advice;
};

class TransportFailureTest : public ::testing::TestWithParam<Case> {};

TEST_P(TransportFailureTest, TellsKindStageAndWhatToChange) {
  upstream::Result result;
  result.outcome = GetParam().outcome;
  result.stage = GetParam().stage;
  result.detail = "the detail";
  const chat::Error error = TransportFailure(result, GetParam().answered);
  EXPECT_EQ(error.kind, GetParam().kind);
  EXPECT_EQ(error.stage, GetParam().stage_name);
  EXPECT_THAT(error.message, HasSubstr(GetParam().advice));
}

INSTANTIATE_TEST_SUITE_P(
    All, TransportFailureTest,
    ::testing::Values(
        Case{Outcome::kTimeout, Stage::kPool, false, ErrorKind::kPoolTimeout, "pool", "pool.connections"},
        Case{Outcome::kTimeout, Stage::kConnect, false, ErrorKind::kTimeout, "connect", "timeouts.connect"},
        Case{Outcome::kTimeout, Stage::kTls, false, ErrorKind::kTimeout, "tls", "timeouts.tls"},
        Case{Outcome::kTimeout, Stage::kSend, false, ErrorKind::kTimeout, "send", "timeouts.send"},
        Case{Outcome::kTimeout, Stage::kFirstByte, false, ErrorKind::kTimeout, "first_byte", "timeouts.first_byte"},
        Case{Outcome::kTimeout, Stage::kBody, true, ErrorKind::kTimeout, "idle", "timeouts.idle: the answer so far"},
        Case{Outcome::kUnreachable, Stage::kConnect, false, ErrorKind::kUnreachable, "connect", "the detail: check"},
        Case{Outcome::kUnreachable, Stage::kTls, false, ErrorKind::kUnreachable, "tls", "certificate"},
        Case{Outcome::kBroken, Stage::kFirstByte, false, ErrorKind::kTruncated, "first_byte", "before it answered"},
        Case{Outcome::kBroken, Stage::kBody, true, ErrorKind::kTruncated, "", "incomplete: the detail"},
        Case{Outcome::kComplete, Stage::kBody, true, ErrorKind::kTruncated, "", "before its end mark"}));

TEST(FailuresTest, BadRequestKeepsEveryViolationAndNamesTheFirst) {
  std::vector<chat::FieldViolation> violations;
  for (int i = 0; i < 100'000; ++i) violations.push_back({absl::StrCat("f", i, "."), std::string(100, 'd')});
  const chat::Error error = BadRequest(std::move(violations));
  EXPECT_EQ(error.kind, ErrorKind::kBadRequest);
  EXPECT_EQ(error.violations.size(), 100'000u);
  EXPECT_THAT(error.message, HasSubstr("f0.: ddd"));
  EXPECT_THAT(error.message, HasSubstr("; and 99984 more"));
  EXPECT_LT(error.message.size(), 4096u);
}

TEST(FailuresTest, BadRequestOfOneFieldNeedsNoMore) {
  EXPECT_EQ(BadRequest({{"n", "too many"}}).message, "the request breaks the contract: n: too many");
}

TEST(FailuresTest, NoRouteShowsNoMoreOfANameThanAnyModelHas) {
  const chat::Error error = NoRoute(std::string(5000, 'm'));
  EXPECT_EQ(error.kind, ErrorKind::kNoRoute);
  EXPECT_LT(error.message.size(), 300u);
}

TEST(FailuresTest, ACallerWhoReadsNothingIsToldForHowLong) {
  const chat::Error error = CallerStalled(absl::Seconds(30));
  EXPECT_EQ(error.kind, ErrorKind::kCallerStalled);
  EXPECT_EQ(error.stage, "caller_stall");
  EXPECT_THAT(error.message, HasSubstr("(30s)"));
}

TEST(FailuresTest, OurOwnLimitsAreNamed) {
  const chat::Error large = AboveLimit("limits.messages", 10, "messages", 11);
  EXPECT_EQ(large.kind, ErrorKind::kRequestTooLarge);
  EXPECT_EQ(large.limit, "limits.messages");
  EXPECT_THAT(large.message, HasSubstr("11 messages and limits.messages allows 10"));
  EXPECT_EQ(TooManyCalls(/*line_full=*/true, absl::Seconds(1)).limit, "limits.queued_calls");
  EXPECT_EQ(TooManyCalls(/*line_full=*/false, absl::Seconds(1)).limit, "limits.open_calls");
  EXPECT_THAT(TooManyCalls(false, absl::Seconds(1)).message, HasSubstr("limits.queue_wait (1s)"));
  EXPECT_EQ(AnswerTooLarge(4 << 20).limit, "limits.complete_bytes");
  EXPECT_THAT(AnswerTooLarge(4 << 20).message, HasSubstr("call Chat"));
}

TEST(FailuresTest, ADrainThatIsOverSaysWhatToDo) {
  const chat::Error error = Draining(absl::Minutes(10));
  EXPECT_EQ(error.kind, ErrorKind::kDraining);
  EXPECT_THAT(error.message, HasSubstr("limits.drain (10m) is over"));
}

TEST(FailuresTest, TheCallersDeadlineIsNotAnUpstreamsTimeout) {
  EXPECT_EQ(DeadlinePassed().kind, ErrorKind::kDeadline);
  EXPECT_EQ(TimerFired("total", absl::Minutes(30)).kind, ErrorKind::kTimeout);
}

TEST(FailuresTest, ARedirectsTargetIsTheProvidersText) {
  const chat::Error error = Redirected(302, std::string(1000, 'u'));
  EXPECT_EQ(error.http_status, 302);
  EXPECT_THAT(error.message, Not(HasSubstr("uuu")));
  EXPECT_EQ(error.provider_message.size(), 256u);
}

}  // namespace
}  // namespace sluice::exchange
