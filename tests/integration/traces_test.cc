// From a caller's trace context to what a collector gets, through a whole gateway.

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/integration/harness.h"
#include "tests/unit/edge_otlp/collector.h"

namespace sluice::integration {
namespace {

using edge_otlp::Collector;
namespace otlp = edge_otlp::otlp;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

std::string Hex(const std::string& bytes) { return absl::BytesToHexString(bytes); }

class Traces : public GatewayTest {
 protected:
  // The first request of each chat is refused, the next is answered.
  void StartTraced(absl::string_view sample) {
    StartTracedTo(absl::StrCat("endpoint: \"http://", collector_.address(), "\", sample: ", sample));
  }
  void StartTracedTo(absl::string_view traces, Options options = {}) {
    options.upstream = "retry: {base: 1ms}";
    options.top = absl::StrCat("traces: {", traces, "}");
    Start(
        [this](const ReceivedRequest&, Conversation& conversation) {
          if (++asked_ % 2 == 1) {
            conversation.SendReply(503, "{}");
          } else {
            Reply(conversation, TextReply({"x"}));
          }
        },
        options);
  }
  // Ends the gateway, and gives all spans that it has sent.
  std::vector<otlp::Span> Spans() {
    StopGateway();
    std::vector<otlp::Span> spans;
    for (const auto& received : collector_.WaitFor(0)) {
      const auto& scope = received.request.resource_spans(0).scope_spans(0);
      spans.insert(spans.end(), scope.spans().begin(), scope.spans().end());
    }
    return spans;
  }
  std::vector<std::string> TraceparentsSent() {
    std::vector<std::string> sent;
    for (const ReceivedRequest& request : upstream().requests()) {
      if (request.method == "POST") sent.push_back(request.Header("traceparent"));
    }
    return sent;
  }

  Collector collector_;
  std::atomic<int> asked_ = 0;
};

SLUICE_WITH_ENGINES(Traces);

TEST_P(Traces, ASampledCallersCallIsATreeOfWhichTheUpstreamKnowsItsPlace) {
  StartTraced("0");
  CallOptions call;
  call.metadata = {{"traceparent", absl::StrCat("00-", kTrace, "-00f067aa0ba902b7-01")}};
  ASSERT_TRUE(Chat(Ask(), call).status.ok());
  const std::vector<std::string> sent = TraceparentsSent();
  const std::vector<otlp::Span> spans = Spans();
  ASSERT_EQ(sent.size(), 2u);
  ASSERT_EQ(spans.size(), 3u);
  const otlp::Span& root = spans[2];  // the call is over last
  EXPECT_EQ(Hex(root.trace_id()), kTrace);
  EXPECT_EQ(Hex(root.parent_span_id()), "00f067aa0ba902b7");
  for (int i : {0, 1}) {
    const otlp::Span& attempt = spans[static_cast<size_t>(i)];
    EXPECT_EQ(attempt.parent_span_id(), root.span_id());
    EXPECT_EQ(sent[static_cast<size_t>(i)], absl::StrCat("00-", kTrace, "-", Hex(attempt.span_id()), "-01"));
    EXPECT_LE(root.start_time_unix_nano(), attempt.start_time_unix_nano());
    EXPECT_GE(root.end_time_unix_nano(), attempt.end_time_unix_nano());
  }
  EXPECT_EQ(spans[0].status().code(), otlp::Status::CODE_ERROR);
  EXPECT_FALSE(spans[1].has_status());
  EXPECT_FALSE(root.has_status());
}

TEST_P(Traces, WithoutATraceOfTheCallersTheShareDecides) {
  StartTraced("1");
  ASSERT_TRUE(Chat().status.ok());
  const std::vector<otlp::Span> spans = Spans();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[2].parent_span_id(), "");
}

TEST_P(Traces, WhatNobodySamplesIsNotSent) {
  StartTraced("0");
  ASSERT_TRUE(Chat().status.ok());
  EXPECT_THAT(TraceparentsSent()[0], ::testing::EndsWith("-02"));
  EXPECT_TRUE(Spans().empty());
}

TEST_P(Traces, ACollectorOfOnesOwnAuthorityIsTrustedByName) {
  const fakes::Authority authority;
  const fakes::Certificate leaf = authority.Issue();
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({leaf.KeyPem(), leaf.Pem()});
  Collector collector(grpc::SslServerCredentials(tls));
  Options options;
  options.files = {{"collector.pem", authority.Pem()}};
  StartTracedTo(absl::StrCat("endpoint: \"https://", collector.address(), "\", sample: 1, ca_file: collector.pem"),
                options);
  ASSERT_TRUE(Chat().status.ok());
  StopGateway();
  ASSERT_EQ(collector.received().size(), 1u);
}

TEST_P(Traces, SpansAreCounted) {
  StartTraced("1");
  ASSERT_TRUE(Chat().status.ok());
  EXPECT_TRUE(Eventually([this] { return Scrape().Sum("sluice_spans_total", {{"result", "sent"}}) == 3; }));
  EXPECT_EQ(Scrape().Sum("sluice_spans_total", {{"result", "failed"}}), 0);
}

}  // namespace
}  // namespace sluice::integration
