#include "server/edge/otlp/exporter.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sluice/rpc/v1/status.pb.h"
#include "tests/fakes/certificates.h"
#include "tests/unit/edge_otlp/collector.h"

namespace sluice::edge_otlp {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

telemetry::Span Named(const std::string& name) {
  telemetry::Span span;
  span.name = name;
  span.start = span.end = absl::FromUnixSeconds(1);
  return span;
}

// As a collector says it: google.rpc.Status with a RetryInfo, in grpc-status-details-bin.
grpc::Status NotBefore(grpc::StatusCode code, milliseconds delay) {
  rpc::v1::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(std::chrono::nanoseconds(delay).count()));
  rpc::v1::Status details;
  details.set_code(code);
  auto* detail = details.add_details();
  detail->set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  detail->set_value(info.SerializeAsString());
  return grpc::Status(code, "not yet", details.SerializeAsString());
}

class ExporterTest : public ::testing::Test {
 protected:
  ExporterOptions Options() {
    ExporterOptions options;
    options.address = collector_.address();
    options.linger = milliseconds(0);
    options.retry_base = milliseconds(1);
    return options;
  }
  void Start(ExporterOptions options) { exporter_ = std::make_unique<Exporter>(std::move(options), &queue_); }
  void Start() { Start(Options()); }
  // Ends the exporter, so that what it counts is final.
  telemetry::SpanCounts End() {
    exporter_.reset();
    return queue_.counts();
  }

  Collector collector_;
  telemetry::SpanQueue queue_;
  std::unique_ptr<Exporter> exporter_;
};

TEST_F(ExporterTest, SpansArriveWithTheServicesNameAndTheHeaders) {
  ExporterOptions options = Options();
  options.headers = {{"x-key", "abc"}};
  options.service = "gateway";
  options.version = "1.2.3";
  Start(std::move(options));
  queue_.Add(Named("a"));
  const auto exports = collector_.WaitFor(1);
  ASSERT_EQ(exports.size(), 1u);
  EXPECT_THAT(exports[0].names(), ElementsAre("a"));
  EXPECT_EQ(exports[0].metadata.at("x-key"), "abc");
  const auto& resource = exports[0].request.resource_spans(0).resource();
  EXPECT_EQ(resource.attributes(0).key(), "service.name");
  EXPECT_EQ(resource.attributes(0).value().string_value(), "gateway");
  EXPECT_EQ(resource.attributes(1).value().string_value(), "1.2.3");
  EXPECT_EQ(End().sent, 1u);
}

TEST_F(ExporterTest, WhatMayPassIsTriedAgainAndWhatMayNotIsLost) {
  collector_.WillAnswer(grpc::Status(grpc::StatusCode::UNAVAILABLE, "not yet"));
  collector_.WillAnswer(NotBefore(grpc::StatusCode::RESOURCE_EXHAUSTED, milliseconds(1)));
  collector_.WillAnswer(grpc::Status::OK);
  collector_.WillAnswer(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "never"));
  Start();
  queue_.Add(Named("a"));
  ASSERT_EQ(collector_.WaitFor(3).size(), 3u);
  queue_.Add(Named("b"));
  ASSERT_EQ(collector_.WaitFor(4).size(), 4u);
  const telemetry::SpanCounts counts = End();
  EXPECT_EQ(counts.sent, 1u);
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(collector_.WaitFor(4).size(), 4u);
}

TEST_F(ExporterTest, ACollectorIsNotAskedAgainSoonerThanItSays) {
  collector_.WillAnswer(NotBefore(grpc::StatusCode::UNAVAILABLE, milliseconds(300)));
  Start();
  queue_.Add(Named("a"));
  const auto exports = collector_.WaitFor(2);
  ASSERT_EQ(exports.size(), 2u);
  EXPECT_GE(exports[1].at - exports[0].at, milliseconds(300));
  EXPECT_EQ(End().sent, 1u);
}

TEST_F(ExporterTest, ABatchThatIsTooLargeForTheCollectorIsLostAtOnce) {
  collector_.WillAnswer(
      grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "message larger than max", "google.rpc.RetryInfo, in words"));
  Start();
  queue_.Add(Named("a"));
  queue_.Add(Named("b"));
  ASSERT_GE(collector_.WaitFor(1).size(), 1u);
  const telemetry::SpanCounts counts = End();
  EXPECT_GE(counts.failed, 1u);
  EXPECT_EQ(counts.sent + counts.failed, 2u);
}

TEST_F(ExporterTest, ACollectorThatDoesNotAnswerHoldsTheEndUpForItsLastWordsOnly) {
  collector_.HoldAnswers();
  ExporterOptions options = Options();
  options.deadline = std::chrono::hours(1);
  options.last_words = milliseconds(50);
  Start(std::move(options));
  queue_.Add(Named("a"));
  ASSERT_EQ(collector_.WaitFor(1).size(), 1u);
  EXPECT_EQ(End().failed, 1u);  // within the test's own limit, which is not an hour
  collector_.ReleaseAnswers();
}

TEST_F(ExporterTest, ABatchIsGivenUpAfterFiveTries) {
  for (int i = 0; i < 5; ++i) collector_.WillAnswer(grpc::Status(grpc::StatusCode::UNAVAILABLE, "never"));
  Start();
  queue_.Add(Named("a"));
  ASSERT_EQ(collector_.WaitFor(5).size(), 5u);
  queue_.Add(Named("b"));
  const auto exports = collector_.WaitFor(6);
  ASSERT_EQ(exports.size(), 6u);
  EXPECT_THAT(exports[5].names(), ElementsAre("b"));
  const telemetry::SpanCounts counts = End();
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.sent, 1u);
}

TEST_F(ExporterTest, WhatTheCollectorRejectsOfABatchIsLost) {
  collector_.WillAnswer(grpc::Status::OK, /*rejected=*/1);
  for (const char* name : {"a", "b", "c"}) queue_.Add(Named(name));
  Start();
  ASSERT_EQ(collector_.WaitFor(1).size(), 1u);
  const telemetry::SpanCounts counts = End();
  EXPECT_EQ(counts.sent, 2u);
  EXPECT_EQ(counts.failed, 1u);
}

TEST_F(ExporterTest, WhatWaitsWhenTheGatewayEndsIsSent) {
  ExporterOptions options = Options();
  options.linger = std::chrono::hours(1);
  Start(std::move(options));
  queue_.Add(Named("a"));
  EXPECT_EQ(End().sent, 1u);
  EXPECT_EQ(collector_.WaitFor(1).size(), 1u);
}

TEST(ExporterTls, SpansGoToACollectorOfTheNamedAuthorityOnly) {
  const fakes::Authority authority, stranger;
  const fakes::Certificate leaf = authority.Issue();
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({leaf.KeyPem(), leaf.Pem()});
  Collector collector(grpc::SslServerCredentials(tls));
  const auto send = [&](const std::string& ca_pem) {
    telemetry::SpanQueue queue;
    ExporterOptions options;
    options.address = collector.address();
    options.tls = true;
    options.ca_pem = ca_pem;
    options.headers = {{"x-key", "abc"}};
    options.linger = options.retry_base = milliseconds(1);
    auto exporter = std::make_unique<Exporter>(std::move(options), &queue);
    queue.Add(Named("a"));
    exporter.reset();
    return queue.counts();
  };
  EXPECT_EQ(send(stranger.Pem()).failed, 1u);
  EXPECT_EQ(send("").failed, 1u) << "the system's authorities do not know it";
  EXPECT_TRUE(collector.received().empty());
  EXPECT_EQ(send(authority.Pem()).sent, 1u);
  ASSERT_EQ(collector.received().size(), 1u);
  EXPECT_EQ(collector.received()[0].metadata.at("x-key"), "abc");
}

TEST(Exporter, ACollectorThatIsNotThereHoldsTheEndUpForItsLastWordsOnly) {
  telemetry::SpanQueue queue;
  ExporterOptions options;
  options.address = "127.0.0.1:1";  // nobody listens: TCPMUX
  options.last_words = milliseconds(50);
  auto exporter = std::make_unique<Exporter>(std::move(options), &queue);
  queue.Add(Named("a"));
  exporter.reset();  // within the test's own limit
  EXPECT_EQ(queue.counts().failed, 1u);
}

}  // namespace
}  // namespace sluice::edge_otlp
