#include "sluice/call_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/client/fake_gateway.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using testing::StatusBuilder;

TEST(DecodeStatus, ReadsEveryDetailTheGatewaySends) {
  rpc::v1::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  retry.mutable_retry_delay()->set_nanos(500'000'000);
  rpc::v1::BadRequest bad;
  for (const char* field : {"temperature", "messages[0].content"}) {
    auto* violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description(std::string("wrong ") + field);
  }
  const CallStatus status = DecodeStatus(StatusBuilder(grpc::StatusCode::RESOURCE_EXHAUSTED, "slow down")
                                             .Reason("RATE_LIMITED", {{"http_status", "429"}})
                                             .Add("RetryInfo", retry)
                                             .Add("BadRequest", bad)
                                             .Build());
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code, grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.message, "slow down");
  EXPECT_EQ(status.reason, "RATE_LIMITED");
  EXPECT_EQ(status.domain, "sluice");
  EXPECT_THAT(status.metadata, ElementsAre(Pair("http_status", "429")));
  EXPECT_EQ(status.retry_delay, std::chrono::milliseconds(2500));
  ASSERT_EQ(status.violations.size(), 2u);
  EXPECT_EQ(status.violations[0].field, "temperature");
  EXPECT_EQ(status.violations[1].description, "wrong messages[0].content");
  EXPECT_EQ(status.ToString(), "RESOURCE_EXHAUSTED (RATE_LIMITED): slow down");
}

TEST(DecodeStatus, OkHasNothing) {
  const CallStatus status = DecodeStatus(grpc::Status::OK);
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.ToString(), "OK");
  EXPECT_FALSE(status.retry_delay.has_value());
}

TEST(DecodeStatus, KeepsCodeAndMessageWhenTheDetailsAreGarbage) {
  const CallStatus status = DecodeStatus({grpc::StatusCode::INTERNAL, "boom", "\xff\xff\xff"});
  EXPECT_EQ(status.ToString(), "INTERNAL: boom");
  EXPECT_THAT(status.reason, IsEmpty());
}

TEST(DecodeStatus, SkipsUnknownAndMalformedDetailsAndReadsTheRest) {
  rpc::v1::Status details;
  google::protobuf::Any* any = details.add_details();
  any->set_type_url("type.googleapis.com/google.rpc.Help");
  any->set_value("whatever");
  any = details.add_details();
  any->set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any->set_value("\xff\xff");
  any = details.add_details();
  any->set_type_url("type.example.com/google.rpc.ErrorInfo");  // only the last segment names the type
  rpc::v1::ErrorInfo info;
  info.set_reason("NO_ROUTE");
  any->set_value(info.SerializeAsString());
  const CallStatus status = DecodeStatus({grpc::StatusCode::NOT_FOUND, "m", details.SerializeAsString()});
  EXPECT_EQ(status.reason, "NO_ROUTE");
}

TEST(DecodeStatus, ReadsTheUsageOfABrokenComplete) {
  v1::Usage usage;
  usage.set_completion_tokens(7);
  usage.set_estimated(true);
  rpc::v1::Status details;
  google::protobuf::Any* any = details.add_details();
  any->set_type_url("type.googleapis.com/sluice.v1.Usage");
  any->set_value(usage.SerializeAsString());
  const CallStatus status = DecodeStatus({grpc::StatusCode::UNAVAILABLE, "m", details.SerializeAsString()});
  ASSERT_TRUE(status.usage.has_value());
  EXPECT_EQ(status.usage->completion_tokens(), 7);
  EXPECT_FALSE(DecodeStatus(grpc::Status::OK).usage.has_value());
}

TEST(CodeName, SpellsCodesAsGrpcDoes) {
  EXPECT_EQ(CodeName(grpc::StatusCode::OK), "OK");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAVAILABLE), "UNAVAILABLE");
  EXPECT_EQ(CodeName(grpc::StatusCode::UNAUTHENTICATED), "UNAUTHENTICATED");
  EXPECT_EQ(CodeName(static_cast<grpc::StatusCode>(20)), "CODE_20");
}

// Google's own bytes, written by hand from google/rpc/error_details.proto, so that a slip in our copy of the field
// numbers cannot hide on both sides.
TEST(DecodeStatus, ReadsGooglesWireFormat) {
  const std::string info("\x0a\x01R\x12\x06sluice\x1a\x06\x0a\x01k\x12\x01v", 19);
  const std::string url = "type.googleapis.com/google.rpc.ErrorInfo";
  std::string any = std::string("\x0a") + static_cast<char>(url.size()) + url + "\x12" + static_cast<char>(info.size());
  any += info;
  const std::string bytes = std::string("\x08\x05\x12\x01m\x1a") + static_cast<char>(any.size()) + any;
  const CallStatus status = DecodeStatus({grpc::StatusCode::NOT_FOUND, "m", bytes});
  EXPECT_EQ(status.reason, "R");
  EXPECT_EQ(status.domain, "sluice");
  EXPECT_THAT(status.metadata, ElementsAre(Pair("k", "v")));
}

}  // namespace
}  // namespace sluice
