#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/dialect/gemini/failure.h"

namespace sluice::dialect::gemini {
namespace {

using chat::ErrorKind;

chat::Error Failure(int status, absl::string_view body, Headers headers = {}) {
  HttpFailure failure;
  failure.status = status;
  failure.headers = std::move(headers);
  failure.body = body;
  failure.now = absl::UnixEpoch();
  return DecodeFailure(failure);
}

std::string Exhausted(absl::string_view details) {
  return absl::StrCat(R"({"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[)", details,
                      "]}}");
}

constexpr char kRetryInfo[] = R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.4s"})";

TEST(GeminiFailureTest, StatusesAndTheirKinds) {
  const auto kind = [](int status, absl::string_view word) {
    return Failure(status, absl::StrCat(R"({"error":{"code":)", status, R"(,"message":"m","status":")", word, "\"}}"))
        .kind;
  };
  EXPECT_EQ(kind(400, "INVALID_ARGUMENT"), ErrorKind::kInvalidRequest);
  EXPECT_EQ(kind(400, "FAILED_PRECONDITION"), ErrorKind::kInvalidRequest);
  EXPECT_EQ(kind(403, "PERMISSION_DENIED"), ErrorKind::kPermission);
  EXPECT_EQ(kind(404, "NOT_FOUND"), ErrorKind::kNotFound);
  EXPECT_EQ(kind(429, "RESOURCE_EXHAUSTED"), ErrorKind::kRateLimit);
  EXPECT_EQ(kind(500, "INTERNAL"), ErrorKind::kServerError);
  EXPECT_EQ(kind(503, "UNAVAILABLE"), ErrorKind::kOverloaded);
  EXPECT_EQ(kind(504, "DEADLINE_EXCEEDED"), ErrorKind::kTimeout);
}

TEST(GeminiFailureTest, ARefusedKeyComesAsAnInvalidArgument) {
  const chat::Error error =
      Failure(400, R"({"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",)"
                   R"("details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})");
  EXPECT_EQ(error.kind, ErrorKind::kAuthentication);
  EXPECT_NE(error.message.find("api_key"), std::string::npos) << error.message;
  EXPECT_EQ(error.http_status, 400);
}

TEST(GeminiFailureTest, RetryInfoSaysHowLongToWait) {
  EXPECT_EQ(Failure(429, Exhausted(kRetryInfo)).retry_after, absl::Seconds(34.4));
  EXPECT_EQ(Failure(429, absl::StrCat("[", Exhausted(kRetryInfo), "]")).retry_after, absl::Seconds(34.4));
  EXPECT_EQ(Failure(429, Exhausted(kRetryInfo), {{"retry-after", "3"}}).retry_after, absl::Seconds(3));
}

TEST(GeminiFailureTest, DelaysThatAreNoneAreIgnored) {
  for (const char* delay : {"34", "s", "-1s", "infs", "nans", "", "1e999s"}) {
    EXPECT_FALSE(Failure(429, Exhausted(absl::StrCat(R"({"retryDelay":")", delay, "\"}"))).retry_after.has_value())
        << delay;
  }
  EXPECT_FALSE(Failure(429, Exhausted(R"({"retryDelay":3},7,null)")).retry_after.has_value());
}

TEST(GeminiFailureTest, AQuotaThatIsSpentForTheDayIsNoRateLimit) {
  const char* const per_day = R"({"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]})";
  const chat::Error error = Failure(429, Exhausted(absl::StrCat(per_day, ",", kRetryInfo)), {{"retry-after", "3"}});
  EXPECT_EQ(error.kind, ErrorKind::kQuota);
  EXPECT_FALSE(error.retry_after.has_value());
  const char* const per_minute = R"({"violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]})";
  EXPECT_EQ(Failure(429, Exhausted(absl::StrCat(per_minute, ",", kRetryInfo))).kind, ErrorKind::kRateLimit);
}

TEST(GeminiFailureTest, WaitingIsOnlyAdvisedWhereItHelps) {
  EXPECT_FALSE(
      Failure(400, absl::StrCat(R"({"error":{"code":400,"details":[)", kRetryInfo, "]}}")).retry_after.has_value());
  EXPECT_EQ(Failure(503, absl::StrCat(R"({"error":{"code":503,"details":[)", kRetryInfo, "]}}")).retry_after,
            absl::Seconds(34.4));
}

TEST(GeminiFailureTest, WhatIsNoJsonIsReadAsEverywhere) {
  EXPECT_EQ(Failure(502, "<html>bad gateway</html>").kind, ErrorKind::kOverloaded);
}

TEST(GeminiFailureTest, WithinAStreamTheCodeStandsForTheStatus) {
  json::Tape tape;
  const std::string text = Exhausted(kRetryInfo);
  ASSERT_EQ(tape.Parse(text), json::Tape::Result::kOk);
  const chat::Error error = ReadFailure(tape.root(), /*http_status=*/0);
  EXPECT_EQ(error.kind, ErrorKind::kRateLimit);
  EXPECT_EQ(error.retry_after, absl::Seconds(34.4));
  EXPECT_EQ(error.provider_type, "RESOURCE_EXHAUSTED");
}

}  // namespace
}  // namespace sluice::dialect::gemini
