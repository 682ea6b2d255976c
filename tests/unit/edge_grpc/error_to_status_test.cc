#include "server/edge/grpc/error_to_status.h"

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/utf8.h"
#include "sluice/rpc/v1/status.pb.h"

namespace sluice::edge {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

chat::Error Make(chat::ErrorKind kind, std::string message) {
  chat::Error error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

// The details, read back as a caller in any language does: by the type URLs of google.rpc. A string that is not UTF-8
// does not parse.
struct Details {
  std::vector<std::string> urls;
  rpc::v1::Status status;
  rpc::v1::ErrorInfo info;
  rpc::v1::RetryInfo retry;
  rpc::v1::BadRequest bad;
};

Details Read(const grpc::Status& status) {
  Details details;
  EXPECT_TRUE(details.status.ParseFromString(status.error_details()));
  EXPECT_EQ(details.status.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(details.status.message(), status.error_message());
  EXPECT_TRUE(IsValidUtf8(status.error_message()));
  for (const auto& any : details.status.details()) {
    details.urls.push_back(any.type_url());
    if (any.type_url() == "type.googleapis.com/google.rpc.ErrorInfo") {
      EXPECT_TRUE(details.info.ParseFromString(any.value()));
    } else if (any.type_url() == "type.googleapis.com/google.rpc.RetryInfo") {
      EXPECT_TRUE(details.retry.ParseFromString(any.value()));
    } else if (any.type_url() == "type.googleapis.com/google.rpc.BadRequest") {
      EXPECT_TRUE(details.bad.ParseFromString(any.value()));
    } else {
      ADD_FAILURE() << any.type_url();
    }
  }
  return details;
}

// What the status takes in the trailers: gRPC percent-encodes the message and base64-encodes the details.
size_t TrailerBytes(const grpc::Status& status) {
  size_t message = 0;
  for (const char c : status.error_message()) message += (c >= ' ' && c <= '~' && c != '%') ? 1 : 3;
  return message + absl::Base64Escape(status.error_details()).size();
}

TEST(ErrorToStatusTest, ARateLimitSaysWhoWhatAndForHowLong) {
  chat::Error error = Make(chat::ErrorKind::kRateLimit, "send less");
  error.upstream = "openai";
  error.model = "gpt-4.1";
  error.http_status = 429;
  error.provider_code = "rate_limit_exceeded";
  error.request_id = "req_1";
  error.retry_after = absl::Milliseconds(3250);
  const grpc::Status status = ErrorToStatus(error);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "send less");
  const Details details = Read(status);
  EXPECT_THAT(details.urls,
              ElementsAre("type.googleapis.com/google.rpc.ErrorInfo", "type.googleapis.com/google.rpc.RetryInfo"));
  EXPECT_EQ(details.info.reason(), "RATE_LIMITED");
  EXPECT_EQ(details.info.domain(), "sluice");
  EXPECT_THAT(details.info.metadata(),
              UnorderedElementsAre(Pair("provider", "openai"), Pair("model", "gpt-4.1"), Pair("http_status", "429"),
                                   Pair("provider_code", "rate_limit_exceeded"), Pair("request_id", "req_1")));
  EXPECT_EQ(details.retry.retry_delay().seconds(), 3);
  EXPECT_EQ(details.retry.retry_delay().nanos(), 250'000'000);
}

TEST(ErrorToStatusTest, WithoutADelayThereIsNoRetryInfo) {
  EXPECT_THAT(Read(ErrorToStatus(Make(chat::ErrorKind::kOverloaded, "down"))).urls,
              ElementsAre("type.googleapis.com/google.rpc.ErrorInfo"));
}

TEST(ErrorToStatusTest, FieldsAtFaultAreABadRequest) {
  chat::Error error = Make(chat::ErrorKind::kBadRequest, "wrong");
  error.violations = {{"n", "must be 1 to 128"}, {"messages[3].content", "must hold a text"}};
  const Details details = Read(ErrorToStatus(error));
  ASSERT_EQ(details.bad.field_violations_size(), 2);
  EXPECT_EQ(details.bad.field_violations(1).field(), "messages[3].content");
  EXPECT_EQ(details.bad.field_violations(1).description(), "must hold a text");
}

TEST(ErrorToStatusTest, AThousandViolationsAreCutAndCounted) {
  chat::Error error = Make(chat::ErrorKind::kBadRequest, "");
  for (int i = 0; i < 1000; ++i) {
    error.violations.push_back(
        {absl::StrCat("messages[", i, "].content"), "\xD0\xBD\xD0\xB5\xD1\x82 \xF0\x9F\x98\x80"});
    absl::StrAppend(&error.message, "\xF0\x9F\x98\x80 ");
  }
  const grpc::Status status = ErrorToStatus(error);
  EXPECT_LT(status.error_details().size(), size_t{6} << 10);
  const Details details = Read(status);
  const auto& last = details.bad.field_violations(details.bad.field_violations_size() - 1);
  const int shown = details.bad.field_violations_size() - 1;
  EXPECT_GT(shown, 10);
  EXPECT_EQ(last.field(), "");
  EXPECT_EQ(last.description(), absl::StrCat("and ", 1000 - shown, " more"));
}

TEST(ErrorToStatusTest, NoErrorOutgrowsWhatClientsTakeAsTrailers) {
  const std::string wide(5000, '\x80');  // each byte becomes U+FFFD
  chat::Error error = Make(chat::ErrorKind::kServerError, wide);
  error.upstream = error.model = error.provider_code = error.provider_type = wide;
  error.provider_message = error.request_id = error.stage = wide;
  error.http_status = 500;
  error.retry_after = absl::InfiniteDuration();
  error.violations = {{wide, wide}, {"n", "wrong"}};
  const grpc::Status status = ErrorToStatus(error);
  EXPECT_LT(status.error_details().size(), size_t{6} << 10);
  EXPECT_LT(TrailerBytes(status), size_t{8} << 10) << "gRPC's clients refuse more than 8 KiB by default";
}

TEST(ErrorToStatusTest, ForeignBytesAreRepairedAndCutBetweenCharacters) {
  chat::Error error = Make(chat::ErrorKind::kServerError, "caf\xE9");
  error.request_id = "r\xE9q";
  error.provider_message = absl::StrCat(std::string(255, 'a'), "\xD0\xB8");
  const Details details = Read(ErrorToStatus(error));
  EXPECT_EQ(details.status.message(), "caf\xEF\xBF\xBD");
  EXPECT_EQ(details.info.metadata().at("request_id"), "r\xEF\xBF\xBDq");
  EXPECT_EQ(details.info.metadata().at("provider_message"), std::string(255, 'a'));
}

TEST(ErrorToStatusTest, WhatFitsIsNotTouched) {
  const std::string text = absl::StrCat(std::string(254, 'a'), "\xD0\xB8");
  chat::Error error = Make(chat::ErrorKind::kServerError, absl::StrCat(std::string(1022, 'b'), "\xD0\xB8"));
  error.provider_message = text;
  const Details details = Read(ErrorToStatus(error));
  EXPECT_EQ(details.info.metadata().at("provider_message"), text);
  EXPECT_EQ(details.status.message(), error.message);
}

}  // namespace
}  // namespace sluice::edge
