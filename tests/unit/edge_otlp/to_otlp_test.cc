#include "server/edge/otlp/to_otlp.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sluice::edge_otlp {
namespace {

TEST(ToOtlpTest, EverythingOfASpanHasItsPlace) {
  telemetry::Span span;
  span.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  span.span_id = "00f067aa0ba902b7";
  span.parent_id = "000000000000002a";
  span.state = "congo=1";
  span.name = "chat m";
  span.kind = telemetry::Span::Kind::kClient;
  span.start = absl::FromUnixNanos(1'000'000'007);
  span.end = absl::FromUnixNanos(3'000'000'009);
  span.first_output = absl::FromUnixNanos(2'000'000'008);
  span.attributes = {{"text", std::string("t")},
                     {"whole", int64_t{-3}},
                     {"real", 0.5},
                     {"list", std::vector<std::string>{"stop", "length"}}};
  span.failed = true;
  span.message = "UPSTREAM_TIMEOUT";
  const auto request = ToOtlp({span}, "sluice", "0.1.0");

  const pb::Span& out = request.resource_spans(0).scope_spans(0).spans(0);
  EXPECT_EQ(out.trace_id(), std::string("\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36"));
  EXPECT_EQ(out.span_id(), std::string("\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8));
  EXPECT_EQ(out.parent_span_id(), std::string("\0\0\0\0\0\0\0\x2a", 8));
  EXPECT_EQ(out.trace_state(), "congo=1");
  EXPECT_EQ(out.name(), "chat m");
  EXPECT_EQ(out.kind(), pb::Span::KIND_CLIENT);
  EXPECT_EQ(out.start_time_unix_nano(), 1'000'000'007u);
  EXPECT_EQ(out.end_time_unix_nano(), 3'000'000'009u);
  ASSERT_EQ(out.attributes_size(), 4);
  EXPECT_EQ(out.attributes(0).key(), "text");
  EXPECT_EQ(out.attributes(0).value().string_value(), "t");
  EXPECT_EQ(out.attributes(1).value().int_value(), -3);
  EXPECT_EQ(out.attributes(2).value().double_value(), 0.5);
  EXPECT_EQ(out.attributes(3).value().array_value().values(1).string_value(), "length");
  ASSERT_EQ(out.events_size(), 1);
  EXPECT_EQ(out.events(0).name(), "sluice.first_output");
  EXPECT_EQ(out.events(0).time_unix_nano(), 2'000'000'008u);
  EXPECT_EQ(out.status().code(), pb::Status::CODE_ERROR);
  EXPECT_EQ(out.status().message(), "UPSTREAM_TIMEOUT");
  EXPECT_EQ(request.resource_spans(0).scope_spans(0).scope().name(), "sluice");
}

TEST(ToOtlpTest, WhatASpanDoesNotHaveIsNotSent) {
  telemetry::Span span;
  span.start = span.end = absl::FromUnixSeconds(1);
  const auto request = ToOtlp({span}, "sluice", "0.1.0");
  const pb::Span& out = request.resource_spans(0).scope_spans(0).spans(0);
  EXPECT_EQ(out.parent_span_id(), "");
  EXPECT_EQ(out.kind(), pb::Span::KIND_SERVER);
  EXPECT_EQ(out.events_size(), 0);
  EXPECT_FALSE(out.has_status());
}

}  // namespace
}  // namespace sluice::edge_otlp
