#include "server/config/check_config.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

TEST(CheckConfigTest, AnUpstreamIsRequired) {
  for (const char* yaml : {"", "upstreams: {}\n", "upstreams:\n", "engines: 1\n"}) {
    const std::string errors = ErrorsOf(yaml);
    EXPECT_NE(errors.find("upstreams: at least one is required, with a name, a dialect and a base_url"),
              std::string::npos);
  }
}

TEST(CheckConfigTest, UpstreamsAreSortedByName) {
  const auto snapshot = Load(
      "upstreams:\n"
      "  b: {dialect: openai, base_url: \"https://b.example\"}\n"
      "  a: {dialect: openai, base_url: \"https://a.example\"}\n"
      "  c: {dialect: openai, base_url: \"https://c.example\"}\n"
      "routes: [{models: [\"*\"], upstream: b}]\n");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  std::string names;
  for (const Upstream& upstream : (*snapshot)->upstreams) names += upstream.name;
  EXPECT_EQ(names, "abc");
}

TEST(CheckConfigTest, LimitsHaveARange) {
  EXPECT_EQ(ErrorsOf(WithUpstream("limits:\n"
                                  "  request_bytes: 1023\n"
                                  "  event_bytes: 268435457\n"
                                  "  buffer_high: 4096\n"
                                  "  buffer_low: 4096\n"
                                  "  drain: 0s\n"
                                  "  caller_stall: 48h\n"
                                  "engines: 257\n")),
            "sluice.yaml:6: limits.request_bytes: 1023 is out of range; take 1024 to 268435456\n"
            "sluice.yaml:7: limits.event_bytes: 268435457 is out of range; take 1024 to 268435456\n"
            "sluice.yaml:9: limits.buffer_low: 4096 is out of range; take 1 to less than buffer_high, which is 4096\n"
            "sluice.yaml:10: limits.drain: 0 is out of range; take more than 0 and at most 24h\n"
            "sluice.yaml:11: limits.caller_stall: 48h is out of range; take more than 0 and at most 24h\n"
            "sluice.yaml:12: engines: 257 is out of range; take 0 to 256");
  EXPECT_EQ(ErrorsOf(WithUpstream("limits: {buffer_high: 1, buffer_low: 1}\n")),
            "sluice.yaml:5: limits.buffer_high: 1 is out of range; take 4096 to 67108864");
  EXPECT_EQ(ErrorsOf(WithUpstream("limits: {buffer_low: 0}\n")),
            "sluice.yaml:5: limits.buffer_low: 0 is out of range; take 1 to less than buffer_high, which is 262144");
}

struct LimitRange {
  const char* field;
  int64_t least, most, fallback;
  int64_t (*value)(const Limits& limits);
};
constexpr LimitRange kRanges[] = {
    {"request_bytes", 1024, 268435456, 33554432, [](const Limits& l) { return static_cast<int64_t>(l.request_bytes); }},
    {"event_bytes", 1024, 268435456, 8388608, [](const Limits& l) { return static_cast<int64_t>(l.event_bytes); }},
    {"header_bytes", 1024, 1048576, 16384, [](const Limits& l) { return static_cast<int64_t>(l.header_bytes); }},
    {"complete_bytes", 1024, 268435456, 4194304,
     [](const Limits& l) { return static_cast<int64_t>(l.complete_bytes); }},
    {"messages", 1, 1000000, 10000, [](const Limits& l) { return int64_t{l.messages}; }},
    {"json_depth", 16, 10000, 512, [](const Limits& l) { return int64_t{l.json_depth}; }},
    {"open_calls", 1, 1000000, 10000, [](const Limits& l) { return int64_t{l.open_calls}; }},
    {"queued_calls", 0, 1000000, 1000, [](const Limits& l) { return int64_t{l.queued_calls}; }},
    {"connection_streams", 1, 1000000, 10000, [](const Limits& l) { return int64_t{l.connection_streams}; }},
};

TEST(CheckConfigTest, EachNumberOfLimitsTakesItsRangeAndNoMore) {
  for (const LimitRange& range : kRanges) {
    const auto with = [&](int64_t value) {
      return WithUpstream(absl::StrCat("limits: {", range.field, ": ", value, "}\n"));
    };
    for (int64_t value : {range.least, range.most}) {
      const auto snapshot = Load(with(value));
      ASSERT_TRUE(snapshot.ok()) << snapshot.status();
      EXPECT_EQ(range.value((*snapshot)->limits), value) << range.field;
    }
    for (int64_t value : {range.least - 1, range.most + 1}) {
      EXPECT_EQ(ErrorsOf(with(value)), absl::StrCat("sluice.yaml:5: limits.", range.field, ": ", value,
                                                    " is out of range; take ", range.least, " to ", range.most));
    }
    const auto defaults = Load(WithUpstream(""));
    ASSERT_TRUE(defaults.ok()) << defaults.status();
    EXPECT_EQ(range.value((*defaults)->limits), range.fallback) << range.field;
  }
}

TEST(CheckConfigTest, TheWaitInTheQueueIsADuration) {
  const auto snapshot = Load(WithUpstream("limits: {queue_wait: 3s}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->limits.queue_wait, absl::Seconds(3));
  EXPECT_EQ(Limits().queue_wait, absl::Seconds(10));
  EXPECT_EQ(ErrorsOf(WithUpstream("limits: {queue_wait: 0s}\n")),
            "sluice.yaml:5: limits.queue_wait: 0 is out of range; take more than 0 and at most 24h");
}

TEST(CheckConfigTest, LimitsArriveInTheirPlaces) {
  const auto snapshot =
      Load(WithUpstream("limits: {caller_stall: 1s, drain: 2s, request_bytes: 3000, event_bytes: 4000, buffer_high: "
                        "5000, buffer_low: 1, messages: 6, json_depth: 70, header_bytes: 8000, open_calls: 9, "
                        "queued_calls: 10, queue_wait: 11s, connection_streams: 12, complete_bytes: 13000, "
                        "connection_age: 14s}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->limits, (Limits{absl::Seconds(1), absl::Seconds(2), 3000, 4000, 5000, 1, 6, 70, 8000, 9, 10,
                                         absl::Seconds(11), 12, 13000, absl::Seconds(14)}));
  EXPECT_EQ(Limits().connection_age, absl::InfiniteDuration());
  EXPECT_EQ(ErrorsOf(WithUpstream("limits: {connection_age: 500us}\n")),
            "sluice.yaml:5: limits.connection_age: is too short; take 1s or more");
  const auto small = Load(WithUpstream("limits: {buffer_high: 8192}\n"));
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_EQ((*small)->limits.buffer_low, 4096u);
}

TEST(CheckConfigTest, LogLevelsAreWords) {
  const auto snapshot = Load(WithUpstream("log: {level: warning}\nerrors: {expose_provider_text: true}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->log_level, telemetry::Level::kWarning);
  EXPECT_TRUE((*snapshot)->expose_provider_text);
  EXPECT_EQ(ErrorsOf(WithUpstream("log: {level: warnin}\n")),
            "sluice.yaml:5: log.level: unknown level (did you mean \"warning\"?); known: debug, info, warning, error");
}

}  // namespace
}  // namespace sluice::config
