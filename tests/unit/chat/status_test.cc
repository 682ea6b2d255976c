#include "server/chat/status.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace sluice::chat {
namespace {

struct Row {
  ErrorKind kind;
  absl::StatusCode code;
  const char* reason;
};

// The callers' contract (the table at the head of chat.proto).
constexpr Row kTable[] = {
    {ErrorKind::kBadRequest, absl::StatusCode::kInvalidArgument, "INVALID_REQUEST"},
    {ErrorKind::kNoRoute, absl::StatusCode::kNotFound, "NO_ROUTE"},
    {ErrorKind::kRequestTooLarge, absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE"},
    {ErrorKind::kInvalidRequest, absl::StatusCode::kInvalidArgument, "UPSTREAM_INVALID_REQUEST"},
    {ErrorKind::kContextLength, absl::StatusCode::kInvalidArgument, "CONTEXT_LENGTH_EXCEEDED"},
    {ErrorKind::kContentFilter, absl::StatusCode::kFailedPrecondition, "CONTENT_FILTERED"},
    {ErrorKind::kAuthentication, absl::StatusCode::kInternal, "UPSTREAM_AUTH"},
    {ErrorKind::kCallerKey, absl::StatusCode::kUnauthenticated, "CALLER_KEY_REFUSED"},
    {ErrorKind::kPermission, absl::StatusCode::kInternal, "UPSTREAM_FORBIDDEN"},
    {ErrorKind::kQuota, absl::StatusCode::kResourceExhausted, "INSUFFICIENT_QUOTA"},
    {ErrorKind::kNotFound, absl::StatusCode::kNotFound, "MODEL_NOT_FOUND"},
    {ErrorKind::kRateLimit, absl::StatusCode::kResourceExhausted, "RATE_LIMITED"},
    {ErrorKind::kOverloaded, absl::StatusCode::kUnavailable, "UPSTREAM_OVERLOADED"},
    {ErrorKind::kServerError, absl::StatusCode::kInternal, "UPSTREAM_ERROR"},
    {ErrorKind::kTimeout, absl::StatusCode::kUnavailable, "UPSTREAM_TIMEOUT"},
    {ErrorKind::kUnreachable, absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE"},
    {ErrorKind::kMalformed, absl::StatusCode::kInternal, "UPSTREAM_PROTOCOL"},
    {ErrorKind::kTruncated, absl::StatusCode::kUnavailable, "UPSTREAM_TRUNCATED"},
    {ErrorKind::kNotSse, absl::StatusCode::kInternal, "UPSTREAM_NOT_SSE"},
    {ErrorKind::kTooLarge, absl::StatusCode::kResourceExhausted, "EVENT_TOO_LARGE"},
    {ErrorKind::kTooManyCalls, absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS"},
    {ErrorKind::kAnswerTooLarge, absl::StatusCode::kResourceExhausted, "ANSWER_TOO_LARGE"},
    {ErrorKind::kPoolTimeout, absl::StatusCode::kResourceExhausted, "POOL_TIMEOUT"},
    {ErrorKind::kCallerStalled, absl::StatusCode::kResourceExhausted, "CALLER_STALLED"},
    {ErrorKind::kDeadline, absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
    {ErrorKind::kCancelled, absl::StatusCode::kCancelled, "CANCELLED"},
    {ErrorKind::kDraining, absl::StatusCode::kUnavailable, "DRAINING"},
    {ErrorKind::kInternal, absl::StatusCode::kInternal, "INTERNAL"},
};

TEST(StatusTest, EveryKindHasItsCodeAndReason) {
  for (const Row& row : kTable) {
    EXPECT_EQ(CanonicalCode(row.kind), row.code) << row.reason;
    EXPECT_STREQ(Reason(row.kind), row.reason);
  }
}

TEST(StatusTest, AFaultIsTheCallersOrCountsAgainstTheGatewaysObjective) {
  const std::set<ErrorKind> callers = {
      ErrorKind::kBadRequest,     ErrorKind::kNoRoute,       ErrorKind::kRequestTooLarge, ErrorKind::kInvalidRequest,
      ErrorKind::kContextLength,  ErrorKind::kContentFilter, ErrorKind::kCallerKey,       ErrorKind::kNotFound,
      ErrorKind::kAnswerTooLarge, ErrorKind::kCallerStalled, ErrorKind::kDeadline,        ErrorKind::kCancelled};
  for (const Row& row : kTable) {
    Error error;
    error.kind = row.kind;
    EXPECT_EQ(IsCallersFault(error), callers.contains(row.kind)) << row.reason;
    EXPECT_STREQ(CauseName(error), ErrorKindName(row.kind));
    error.of_callers_key = true;
    EXPECT_TRUE(IsCallersFault(error)) << row.reason;
    EXPECT_STREQ(CauseName(error), "caller_key");
  }
}

TEST(StatusTest, TheTableHasEveryKindAndEachReasonOnce) {
  std::set<std::string> reasons;
  int expected = 0;
  for (const Row& row : kTable) {
    EXPECT_EQ(static_cast<int>(row.kind), expected++);
    EXPECT_TRUE(reasons.insert(row.reason).second) << row.reason;
  }
  EXPECT_EQ(expected, static_cast<int>(ErrorKind::kInternal) + 1);
}

TEST(StatusTest, EveryCodeThatAKindMapsToHasAName) {
  EXPECT_STREQ(CodeName(absl::StatusCode::kOk), "OK");
  for (const Row& row : kTable) EXPECT_STRNE(CodeName(row.code), "UNKNOWN") << row.reason;
  // The names are gRPC's, which absl spells alike.
  for (const Row& row : kTable) EXPECT_EQ(CodeName(row.code), absl::StatusCodeToString(row.code));
}

}  // namespace
}  // namespace sluice::chat
