#include "client/cli/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Flags LocalFlags() {
  Flags flags;
  flags.address = "127.0.0.1:50051";
  return flags;
}

TEST(Explain, ShowsEveryDetail) {
  CallStatus status;
  status.code = grpc::StatusCode::RESOURCE_EXHAUSTED;
  status.message = "too fast";
  status.reason = "RATE_LIMITED";
  status.metadata = {{"provider", "holysheep"}, {"http_status", "429"}};
  status.retry_delay = std::chrono::milliseconds(1500);
  status.violations = {{"temperature", "must be 0 to 2"}};
  EXPECT_EQ(Explain(status, LocalFlags(), "req-1"),
            "sluice: RESOURCE_EXHAUSTED (RATE_LIMITED): too fast\n"
            "  temperature: must be 0 to 2\n"
            "  http_status: 429\n"
            "  provider: holysheep\n"
            "  gateway request: req-1\n"
            "  retry after: 1.5s\n"
            "  hint: wait, then try again\n");
}

TEST(Explain, AsksWhetherTheGatewayRunsWhenNobodyAnswered) {
  CallStatus status;
  status.code = grpc::StatusCode::UNAVAILABLE;
  status.message = "failed to connect to all addresses";
  EXPECT_THAT(Explain(status, LocalFlags(), ""),
              AllOf(HasSubstr("is the gateway running at 127.0.0.1:50051?"), HasSubstr("--ca FILE calls with TLS")));
  Flags remote;
  remote.address = "gateway:443";
  EXPECT_THAT(Explain(status, remote, ""), HasSubstr("--insecure calls in plaintext"));
}

TEST(Explain, DoesNotBlameTheConnectionForWhatTheGatewaySaid) {
  CallStatus status;
  status.code = grpc::StatusCode::UNAVAILABLE;
  status.reason = "UPSTREAM_OVERLOADED";
  EXPECT_THAT(Explain(status, LocalFlags(), ""), AllOf(Not(HasSubstr("is the gateway running")), HasSubstr("later")));
}

TEST(Explain, NamesTheTimeoutThatWasTooShort) {
  CallStatus status;
  status.code = grpc::StatusCode::DEADLINE_EXCEEDED;
  Flags flags = LocalFlags();
  EXPECT_THAT(Explain(status, flags, ""), Not(HasSubstr("hint")));
  flags.timeout = absl::Seconds(3);
  EXPECT_THAT(Explain(status, flags, ""), HasSubstr("--timeout 3s was too short"));
}

TEST(Explain, HasNoHintForAReasonOfALaterVersion) {
  CallStatus status;
  status.code = grpc::StatusCode::INTERNAL;
  status.reason = "SOMETHING_NEW";
  EXPECT_EQ(Explain(status, LocalFlags(), ""), "sluice: INTERNAL (SOMETHING_NEW)\n");
}

TEST(Printable, LeavesOrdinaryTextAlone) {
  const std::string text = "h\xc3\xa9llo\t\xf0\x9f\x90\x91\n\xc2\xa0";  // U+00A0 is no control character
  EXPECT_EQ(Printable(text), text);
}

TEST(Printable, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(Printable("\x1b[2J\r\x07\x7f"), "\\x1b[2J\\x0d\\x07\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\x9b2J");
  EXPECT_EQ(Printable(absl::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(Printable("\xc2"), "\xc2");
}

}  // namespace
}  // namespace sluice::cli
