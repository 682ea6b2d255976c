#include "server/dialect/errors.h"

#include <gtest/gtest.h>

#include "server/base/utf8.h"

namespace sluice::dialect {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);  // Tue, 14 Nov 2023 22:13:20 GMT

chat::Error Failure(int status, absl::string_view body, Headers headers = {}) {
  return DecodeFailure({status, std::move(headers), body, kNow});
}

TEST(ErrorText, APageIsKeptInPart) {
  const chat::Error error = Failure(502, "\n<html>" + std::string(1000, 'x'));
  EXPECT_EQ(error.provider_message.size(), 200u);
  EXPECT_EQ(error.provider_message.substr(0, 6), "<html>");
}

TEST(ErrorText, LongAndInvalidTextIsCutAtACharacter) {
  std::string text = "a";
  while (text.size() < 5000) text += "\xC3\xA9";
  const chat::Error error = Failure(400, R"({"error":{"message":")" + text + "\xFF\"}}");
  EXPECT_EQ(error.provider_message.size(), 1023u);
  EXPECT_TRUE(IsValidUtf8(error.provider_message));
}

TEST(FailureHeaders, RequestId) {
  EXPECT_EQ(Failure(500, "", {{"x-request-id", "req_1"}}).request_id, "req_1");
  EXPECT_EQ(Failure(500, "", {{"request-id", "req_2"}}).request_id, "req_2");
  EXPECT_EQ(Failure(500, R"({"error":{"message":"x"},"request_id":"req_3"})").request_id, "req_3");
  EXPECT_EQ(Failure(500, R"({"request_id":"b"})", {{"request-id", "r"}, {"x-request-id", "x"}}).request_id, "x");
}

TEST(FailureHeaders, RetryAfter) {
  EXPECT_EQ(Failure(429, "", {{"retry-after", "3"}}).retry_after, absl::Seconds(3));
  EXPECT_EQ(Failure(429, "", {{"retry-after", "3"}, {"retry-after-ms", "250.5"}}).retry_after,
            absl::Microseconds(250500));
  EXPECT_EQ(Failure(429, "", {{"retry-after-ms", "soon"}, {"retry-after", "1.5"}}).retry_after,
            absl::Milliseconds(1500));
  EXPECT_EQ(Failure(503, "", {{"retry-after", "Tue, 14 Nov 2023 22:13:50 GMT"}}).retry_after, absl::Seconds(30));
  EXPECT_FALSE(Failure(429, "").retry_after.has_value());
}

TEST(IsErrorTest, ManyMembersAreNone) {
  for (const char* json :
       {R"({"error":null})", R"({"error":""})", R"({"error":false})", R"({"error":{}})", R"({"error":0})",
        R"({"error":[]})", "{}", "[]", "null", R"({"object":"chat.completion"})"}) {
    json::Tape tape;
    ASSERT_EQ(tape.Parse(json), json::Tape::Result::kOk);
    EXPECT_FALSE(IsError(tape.root())) << json;
  }
}

}  // namespace
}  // namespace sluice::dialect
