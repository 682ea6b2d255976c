#include "server/dialect/error_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/dialect/errors.h"

namespace sluice::dialect {
namespace {

using chat::ErrorKind;
using ::testing::HasSubstr;
using ::testing::Not;

chat::Error Failure(int status, absl::string_view body) { return DecodeFailure({status, {}, body, absl::UnixEpoch()}); }

std::string Body(absl::string_view type, absl::string_view code) {
  std::string out = R"({"error":{"message":"words","param":null,"type":")" + std::string(type) + R"(","code":)";
  out += code.empty() ? "null" : "\"" + std::string(code) + "\"";
  return out + "}}";
}

struct Row {
  int status;
  const char* type;
  const char* code;
  ErrorKind kind;
};

TEST(FailureKind, FollowsStatusAndNames) {
  const Row rows[] = {
      {400, "invalid_request_error", "", ErrorKind::kInvalidRequest},
      {400, "invalid_request_error", "unsupported_parameter", ErrorKind::kInvalidRequest},
      {400, "invalid_request_error", "empty_array", ErrorKind::kInvalidRequest},
      {400, "invalid_request_error", "context_length_exceeded", ErrorKind::kContextLength},
      {400, "exceed_context_size_error", "", ErrorKind::kContextLength},
      {400, "invalid_request_error", "content_filter", ErrorKind::kContentFilter},
      {400, "invalid_request_error", "content_policy_violation", ErrorKind::kContentFilter},
      {400, "", "API_KEY_INVALID", ErrorKind::kAuthentication},
      {401, "invalid_request_error", "invalid_api_key", ErrorKind::kAuthentication},
      {401, "invalid_request_error", "", ErrorKind::kAuthentication},
      {401, "insufficient_quota", "", ErrorKind::kAuthentication},
      {402, "invalid_request_error", "", ErrorKind::kQuota},
      {402, "billing_error", "", ErrorKind::kQuota},
      {403, "request_forbidden", "unsupported_country_region_territory", ErrorKind::kPermission},
      {403, "invalid_request_error", "", ErrorKind::kPermission},
      {403, "new_api_error", "insufficient_user_quota", ErrorKind::kQuota},
      {404, "invalid_request_error", "model_not_found", ErrorKind::kNotFound},
      {404, "server_error", "rate_limit_exceeded", ErrorKind::kNotFound},
      {408, "", "", ErrorKind::kTimeout},
      {409, "invalid_request_error", "", ErrorKind::kServerError},
      {413, "", "", ErrorKind::kInvalidRequest},
      {422, "invalid_request_error", "", ErrorKind::kInvalidRequest},
      {429, "tokens", "rate_limit_exceeded", ErrorKind::kRateLimit},
      {429, "requests", "rate_limit_exceeded", ErrorKind::kRateLimit},
      {429, "rate_limit_error", "slow_down", ErrorKind::kRateLimit},
      {429, "invalid_request_error", "", ErrorKind::kRateLimit},
      {429, "insufficient_quota", "", ErrorKind::kQuota},
      {429, "insufficient_quota", "rate_limit_exceeded", ErrorKind::kQuota},
      {429, "", "insufficient_quota", ErrorKind::kQuota},
      {429, "", "credit_balance_exhausted", ErrorKind::kQuota},
      {429, "", "organization_spend_limit_exceeded", ErrorKind::kQuota},
      {429, "", "project_spend_limit_exceeded", ErrorKind::kQuota},
      {429, "", "organization_usage_limit_exceeded", ErrorKind::kQuota},
      {500, "server_error", "", ErrorKind::kServerError},
      {500, "invalid_request_error", "", ErrorKind::kServerError},
      {500, "overloaded_error", "", ErrorKind::kOverloaded},
      {502, "", "", ErrorKind::kOverloaded},
      {503, "service_unavailable_error", "server_is_overloaded", ErrorKind::kOverloaded},
      {503, "service_unavailable_error", "slow_down", ErrorKind::kOverloaded},
      {504, "", "", ErrorKind::kTimeout},
      {529, "overloaded_error", "", ErrorKind::kOverloaded},
      {418, "", "", ErrorKind::kInvalidRequest},
      {301, "", "", ErrorKind::kServerError},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Failure(row.status, Body(row.type, row.code)).kind, row.kind)
        << row.status << " " << row.type << " " << row.code;
  }
}

TEST(FailureKind, FollowsTheStatusWhereTheBodyIsNoHelp) {
  for (const char* body : {"", "<html><h1>Bad</h1></html>", "{", "null", "[]", "{}", "\"x\"", R"({"error":null})"}) {
    EXPECT_EQ(Failure(401, body).kind, ErrorKind::kAuthentication) << body;
    EXPECT_EQ(Failure(429, body).kind, ErrorKind::kRateLimit) << body;
    EXPECT_EQ(Failure(502, body).kind, ErrorKind::kOverloaded) << body;
    EXPECT_EQ(Failure(500, body).kind, ErrorKind::kServerError) << body;
  }
}

// Inside a stream there is no status but what the body says.
TEST(StreamedErrorKind, FollowsNamesThenNumbers) {
  const struct {
    const char* json;
    ErrorKind kind;
  } rows[] = {
      {R"({"error":{"type":"invalid_request_error","message":"x"}})", ErrorKind::kInvalidRequest},
      {R"({"error":{"type":"invalid_request_error","code":500}})", ErrorKind::kInvalidRequest},
      {R"({"error":{"type":"rate_limit_error","code":500}})", ErrorKind::kRateLimit},
      {R"({"error":{"code":401}})", ErrorKind::kAuthentication},
      {R"({"error":{"code":402}})", ErrorKind::kQuota},
      {R"({"error":{"code":404}})", ErrorKind::kNotFound},
      {R"({"error":{"code":"429"}})", ErrorKind::kRateLimit},
      {R"({"error":{"status":503}})", ErrorKind::kOverloaded},
      {R"({"error":{"status_code":504}})", ErrorKind::kTimeout},
      {R"({"error":{"status":"RESOURCE_EXHAUSTED"}})", ErrorKind::kRateLimit},
      {R"({"error":{"type":"api_error"}})", ErrorKind::kServerError},
      {R"({"error":{"message":"?"}})", ErrorKind::kServerError},
      {R"({"error":{"code":1301}})", ErrorKind::kServerError},
      {R"({"type":"error","error":{"type":"overloaded_error"}})", ErrorKind::kOverloaded},
      {R"({"type":"error","message":"x"})", ErrorKind::kServerError},
  };
  for (const auto& row : rows) {
    json::Tape tape;
    ASSERT_EQ(tape.Parse(row.json), json::Tape::Result::kOk);
    EXPECT_TRUE(IsError(tape.root())) << row.json;
    EXPECT_EQ(ReadError(tape.root(), 0).kind, row.kind) << row.json;
  }
}

TEST(ErrorMessage, IsOursAndSaysWhatToChange) {
  const chat::Error error = Failure(401, R"({"error":{"message":"Incorrect API key provided: sk-secret"}})");
  EXPECT_EQ(error.message, "the upstream refused the gateway's API key (HTTP 401): check api_key of this upstream");
  for (int status : {400, 401, 402, 403, 404, 408, 429, 500, 503}) {
    const std::string message = Failure(status, R"({"error":{"message":"the prompt was: hello"}})").message;
    EXPECT_THAT(message, HasSubstr("(HTTP " + std::to_string(status) + "): "));
    EXPECT_THAT(message, Not(HasSubstr("hello")));
  }
  EXPECT_EQ(ErrorMessage(ErrorKind::kOverloaded, 0), "the upstream is overloaded or down: try again later");
}

}  // namespace
}  // namespace sluice::dialect
