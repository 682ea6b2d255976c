#include "server/dialect/error_body.h"

#include <gtest/gtest.h>

#include "server/dialect/errors.h"

namespace sluice::dialect {
namespace {

using chat::ErrorKind;

chat::Error Failure(int status, absl::string_view body) { return DecodeFailure({status, {}, body, absl::UnixEpoch()}); }

TEST(ErrorBody, TheUsualFields) {
  const chat::Error error =
      Failure(429, R"({"error":{"message":"slow","type":"requests","param":null,"code":"rate_limit_exceeded"}})");
  EXPECT_EQ(error.http_status, 429);
  EXPECT_EQ(error.provider_code, "rate_limit_exceeded");
  EXPECT_EQ(error.provider_type, "requests");
  EXPECT_EQ(error.provider_message, "slow");
}

TEST(ErrorBody, CodeAsANumber) {
  EXPECT_EQ(Failure(400, R"({"error":{"message":"x","code":400}})").provider_code, "400");
}

TEST(ErrorBody, MessageAsAnArray) {
  EXPECT_EQ(Failure(400, R"({"error":{"message":["one","two"]}})").provider_message, "one; two");
}

TEST(ErrorBody, AzureWithoutTypeAndWithAnInnerCode) {
  const chat::Error error = Failure(
      400,
      R"({"error":{"message":"x","innererror":{"code":"ResponsibleAIPolicyViolation"},"code":"other","status":400}})");
  EXPECT_EQ(error.kind, ErrorKind::kContentFilter);
  EXPECT_EQ(error.provider_code, "other");
}

TEST(ErrorBody, NestedTwice) {
  const chat::Error error = Failure(
      500,
      R"({"error":{"message":"outer","type":"relay_error","code":500,"error":{"message":"inner","code":"insufficient_quota"}}})");
  EXPECT_EQ(error.kind, ErrorKind::kQuota);
  EXPECT_EQ(error.provider_message, "inner");
  EXPECT_EQ(error.provider_code, "insufficient_quota");
  EXPECT_EQ(error.provider_type, "relay_error");
}

TEST(ErrorBody, NestedInsideTheMessage) {
  const chat::Error error = Failure(
      500,
      R"({"error":{"message":"{\"error\":{\"message\":\"deep\",\"code\":\"context_length_exceeded\"}}","type":"relay_error"}})");
  EXPECT_EQ(error.kind, ErrorKind::kContextLength);
  EXPECT_EQ(error.provider_message, "deep");
  EXPECT_EQ(error.provider_type, "relay_error");
}

TEST(ErrorBody, NestedBeyondReasonEndsSomewhere) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += R"({"error":)";
  body += R"({"message":"x"})" + std::string(100, '}');
  EXPECT_EQ(Failure(400, body).kind, ErrorKind::kInvalidRequest);
}

TEST(ErrorBody, FastApiDetails) {
  EXPECT_EQ(Failure(404, R"({"detail":"Not Found"})").provider_message, "Not Found");
  EXPECT_EQ(Failure(422, R"({"detail":[{"loc":["body","n"],"msg":"field required","type":"v"},{"msg":"b"}]})")
                .provider_message,
            "field required; b");
  EXPECT_EQ(Failure(400, R"({"detail":{"message":"x"}})").provider_message, "x");
}

TEST(ErrorBody, MistralsFlatForm) {
  const chat::Error error =
      Failure(422, R"({"object":"error","message":"bad","type":"invalid_request_error","param":null,"code":"1500"})");
  EXPECT_EQ(error.kind, ErrorKind::kInvalidRequest);
  EXPECT_EQ(error.provider_message, "bad");
  EXPECT_EQ(error.provider_code, "1500");
}

TEST(ErrorBody, XAisString) {
  const chat::Error error =
      Failure(400, R"({"code":"Client specified an invalid argument","error":"Incorrect API key"})");
  EXPECT_EQ(error.provider_message, "Incorrect API key");
  EXPECT_EQ(error.provider_code, "Client specified an invalid argument");
}

TEST(ErrorBody, GeminisArray) {
  const chat::Error error = Failure(429, R"([{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}])");
  EXPECT_EQ(error.kind, ErrorKind::kRateLimit);
  EXPECT_EQ(error.provider_code, "429");
  EXPECT_EQ(error.provider_type, "RESOURCE_EXHAUSTED");
}

}  // namespace
}  // namespace sluice::dialect
