#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/dialect/anthropic/failure.h"

namespace sluice::dialect::anthropic {
namespace {

using chat::ErrorKind;
using ::testing::HasSubstr;

chat::Error Fail(int status, absl::string_view type, absl::string_view message, Headers headers = {}) {
  const std::string body =
      absl::StrCat(R"({"type":"error","error":{"type":")", type, R"(","message":")", message, R"("}})");
  HttpFailure failure;
  failure.status = status;
  failure.headers = std::move(headers);
  failure.body = body;
  return DecodeFailure(failure);
}

TEST(AnthropicFailure, EachTypeByItsStatus) {
  EXPECT_EQ(Fail(400, "invalid_request_error", "x").kind, ErrorKind::kInvalidRequest);
  EXPECT_EQ(Fail(401, "authentication_error", "x").kind, ErrorKind::kAuthentication);
  EXPECT_EQ(Fail(402, "billing_error", "x").kind, ErrorKind::kQuota);
  EXPECT_EQ(Fail(403, "permission_error", "x").kind, ErrorKind::kPermission);
  EXPECT_EQ(Fail(404, "not_found_error", "x").kind, ErrorKind::kNotFound);
  EXPECT_EQ(Fail(409, "conflict_error", "x").kind, ErrorKind::kServerError);
  EXPECT_EQ(Fail(413, "request_too_large", "x").kind, ErrorKind::kInvalidRequest);
  EXPECT_EQ(Fail(429, "rate_limit_error", "x").kind, ErrorKind::kRateLimit);
  EXPECT_EQ(Fail(500, "api_error", "x").kind, ErrorKind::kServerError);
  EXPECT_EQ(Fail(504, "timeout_error", "x").kind, ErrorKind::kTimeout);
  EXPECT_EQ(Fail(529, "overloaded_error", "x").kind, ErrorKind::kOverloaded);
}

TEST(AnthropicFailure, HeadersNameTheRequestAndTheDelay) {
  const chat::Error error = Fail(429, "rate_limit_error", "x", {{"request-id", "req_1"}, {"retry-after", "3"}});
  EXPECT_EQ(error.request_id, "req_1");
  EXPECT_EQ(error.retry_after, absl::Seconds(3));
}

TEST(AnthropicFailure, OnlyTheMessageTellsOfTheContext) {
  for (const char* message :
       {"prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length"}) {
    const chat::Error error = Fail(400, "invalid_request_error", message);
    EXPECT_EQ(error.kind, ErrorKind::kContextLength) << message;
    EXPECT_THAT(error.message, HasSubstr("shorten the messages"));
    EXPECT_EQ(error.http_status, 400);
  }
  EXPECT_EQ(Fail(500, "api_error", "prompt is too long").kind, ErrorKind::kServerError);
}

TEST(AnthropicFailure, OnlyTheMessageTellsOfTheBalance) {
  const chat::Error error = Fail(400, "invalid_request_error", "Your credit balance is too low to access the API");
  EXPECT_EQ(error.kind, ErrorKind::kQuota);
  EXPECT_THAT(error.message, HasSubstr("top it up"));
}

}  // namespace
}  // namespace sluice::dialect::anthropic
