#include "server/telemetry/series.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/telemetry/metrics.h"
#include "tests/unit/telemetry/scrape.h"

namespace sluice::telemetry {
namespace {

const SeriesLabels kLabels = {"chat", "*", "up", "openai", "m", "host"};

double GapBucket(const Metrics& metrics, absl::string_view bound) {
  return ParseScrape(metrics.Scrape())
      .Value(absl::StrCat("sluice_delta_gap_seconds_bucket{upstream=\"up\",le=\"", bound, "\"}"));
}

class Gaps : public ::testing::Test {
 protected:
  // Counts a delta `gap` after the one before.
  void After(absl::Duration gap) {
    clock_.Advance(gap);
    meter_.Count(clock_.Now());
  }

  FakeClock clock_;
  DeltaMeter meter_;
  Metrics metrics_;
  std::shared_ptr<Series> series_ = metrics_.Resolve(kLabels);
};

TEST_F(Gaps, TheFirstDeltaOfAStreamHasNone) {
  After(absl::Seconds(3));
  series_->Flush(meter_);
  EXPECT_EQ(GapBucket(metrics_, "+Inf"), 0);
  EXPECT_EQ(ParseScrape(metrics_.Scrape()).Value("sluice_deltas_total{operation=\"chat\",route=\"*\",upstream=\"up\"}"),
            1);
}

TEST_F(Gaps, ABoundBelongsToTheBucketItCloses) {
  After(absl::ZeroDuration());
  for (double bound : DeltaMeter::kGapBounds) {
    After(absl::Nanoseconds(static_cast<int64_t>(bound * 1e9 + 0.5)));      // the last of its bucket
    After(absl::Nanoseconds(static_cast<int64_t>(bound * 1e9 + 0.5) + 1));  // the first of the next
  }
  series_->Flush(meter_);
  double below = 1;
  for (double bound : DeltaMeter::kGapBounds) {
    EXPECT_EQ(GapBucket(metrics_, absl::StrCat(bound)), below) << bound;
    below += 2;
  }
  EXPECT_EQ(GapBucket(metrics_, "+Inf"), 2 * static_cast<double>(DeltaMeter::kGapBounds.size()));
}

TEST_F(Gaps, TheSharedHistogramSortsAsTheMetersOwnBucketsDo) {
  // ObserveMultiple takes our buckets on trust: a histogram that is given the same values one by one must agree.
  prometheus::Histogram direct({DeltaMeter::kGapBounds.begin(), DeltaMeter::kGapBounds.end()});
  After(absl::ZeroDuration());
  for (int64_t us : {0, 1, 499, 500, 501, 20'000, 50'000, 99'999, 100'001, 2'500'000, 10'000'000, 10'000'001}) {
    After(absl::Microseconds(us));
    direct.Observe(static_cast<double>(us) / 1e6);
  }
  series_->Flush(meter_);
  const auto expected = direct.Collect().histogram;
  const ParsedScrape scrape = ParseScrape(metrics_.Scrape());
  EXPECT_EQ(scrape.Value("sluice_delta_gap_seconds_count{upstream=\"up\"}"),
            static_cast<double>(expected.sample_count));
  EXPECT_NEAR(scrape.Value("sluice_delta_gap_seconds_sum{upstream=\"up\"}"), expected.sample_sum, 1e-9);
  for (size_t i = 0; i < DeltaMeter::kGapBounds.size(); ++i) {
    EXPECT_EQ(GapBucket(metrics_, absl::StrCat(DeltaMeter::kGapBounds[i])),
              static_cast<double>(expected.bucket[i].cumulative_count))
        << DeltaMeter::kGapBounds[i];
  }
}

TEST_F(Gaps, AFlushInBetweenNeitherLosesNorRepeatsAGap) {
  After(absl::ZeroDuration());
  series_->Flush(meter_);
  After(absl::Milliseconds(20));  // spans the flush
  EXPECT_EQ(meter_.unflushed(), 1u);
  series_->Flush(meter_);
  EXPECT_EQ(meter_.unflushed(), 0u);
  series_->Flush(meter_);  // nothing new
  EXPECT_EQ(meter_.total(), 2u);
  const ParsedScrape scrape = ParseScrape(metrics_.Scrape());
  EXPECT_EQ(scrape.Value("sluice_deltas_total{operation=\"chat\",route=\"*\",upstream=\"up\"}"), 2);
  EXPECT_EQ(scrape.Value("sluice_delta_gap_seconds_count{upstream=\"up\"}"), 1);
  EXPECT_DOUBLE_EQ(scrape.Value("sluice_delta_gap_seconds_sum{upstream=\"up\"}"), 0.02);
}

TEST_F(Gaps, DeltasOfOneInstantAreInTheLowestBucket) {
  After(absl::ZeroDuration());
  After(absl::ZeroDuration());
  series_->Flush(meter_);
  EXPECT_EQ(GapBucket(metrics_, "0.0005"), 1);
}

TEST(Counts, EveryTimerIsThereFromTheStartAndCountsWhereItFired) {
  Metrics metrics;
  const auto series = metrics.Resolve(kLabels);
  const auto timer = [](absl::string_view name) {
    return absl::StrCat("sluice_timeouts_total{timer=\"", name, "\",upstream=\"up\"}");
  };
  const ParsedScrape before = ParseScrape(metrics.Scrape());
  EXPECT_EQ(before.families.at("sluice_timeouts_total").samples.size(), kTimers.size());
  for (const char* name :
       {"pool", "connect", "tls", "send", "first_byte", "first_output", "idle", "total", "caller_stall"}) {
    EXPECT_EQ(before.Value(timer(name)), 0) << name;
  }
  AttemptRecord attempt;
  attempt.error_type = "timeout";
  attempt.timer = "first_byte";
  series->AttemptEnded(attempt);
  series->AttemptEnded(attempt);
  series->AttemptEnded({});
  series->CallStarted();
  CallRecord call;
  call.code = "DEADLINE_EXCEEDED";
  call.timer = "total";
  series->CallEnded(call);
  const ParsedScrape after = ParseScrape(metrics.Scrape());
  EXPECT_EQ(after.Value(timer("first_byte")), 2);
  EXPECT_EQ(after.Value(timer("total")), 1);
  EXPECT_EQ(after.Value(timer("idle")), 0);
  EXPECT_EQ(after.families.at("sluice_timeouts_total").samples.size(), kTimers.size()) << "no timer counted as \"\"";
}

TEST(Counts, RetriesAreCountedByCauseAndDenialsApart) {
  Metrics metrics;
  const auto series = metrics.Resolve(kLabels);
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value("sluice_retries_denied_total{upstream=\"up\"}"), 0);
  series->Retried("overloaded");
  series->Retried("truncated");
  series->Retried("overloaded");
  series->RetryDenied();
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_EQ(s.Value("sluice_retries_total{cause=\"overloaded\",upstream=\"up\"}"), 2);
  EXPECT_EQ(s.Value("sluice_retries_total{cause=\"truncated\",upstream=\"up\"}"), 1);
  EXPECT_EQ(s.Value("sluice_retries_denied_total{upstream=\"up\"}"), 1);
}

TEST(Counts, EstimatedTokensStandApartFromTheCounted) {
  Metrics metrics;
  const auto series = metrics.Resolve(kLabels);
  AttemptRecord attempt;
  attempt.prompt_tokens = 17;
  attempt.completion_tokens = 3;
  series->AttemptEnded(attempt);
  attempt.prompt_tokens = 1000;
  attempt.completion_tokens = 200;
  attempt.tokens_estimated = true;
  series->AttemptEnded(attempt);
  attempt.prompt_tokens.reset();
  series->AttemptEnded(attempt);
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  const auto tokens = [&s](absl::string_view name, absl::string_view type) {
    return s.Value(absl::StrCat(name, "{model=\"m\",type=\"", type, "\",upstream=\"up\"}"));
  };
  EXPECT_EQ(tokens("sluice_tokens_total", "input"), 17);
  EXPECT_EQ(tokens("sluice_tokens_total", "output"), 3);
  EXPECT_EQ(tokens("sluice_tokens_estimated_total", "input"), 1000);
  EXPECT_EQ(tokens("sluice_tokens_estimated_total", "output"), 400);
  for (const char* type : {"input", "output"}) {
    const std::string usage = absl::StrCat(
        "gen_ai_client_token_usage_count{gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\","
        "gen_ai_request_model=\"m\",gen_ai_response_model=\"m\",gen_ai_token_type=\"",
        type, "\",server_address=\"host\"}");
    EXPECT_EQ(s.Value(usage), 1) << type;
  }
}

TEST(Counts, ALimitIsCountedOverAllSeries) {
  Metrics metrics;
  SeriesLabels other = kLabels;
  other.upstream = "none";
  CallRecord call;
  call.code = "RESOURCE_EXHAUSTED";
  for (const SeriesLabels& labels : {kLabels, other}) {
    metrics.Resolve(labels)->CallStarted();
    call.limit = "limits.open_calls";
    metrics.Resolve(labels)->CallEnded(call);
    metrics.Resolve(labels)->CallStarted();
    call.limit = "";
    metrics.Resolve(labels)->CallEnded(call);
  }
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_EQ(s.families.at("sluice_limits_reached_total").samples.size(), 1u);
  EXPECT_EQ(s.Value("sluice_limits_reached_total{limit=\"limits.open_calls\"}"), 2);
}

TEST(ByValue, MakesEachValueOnceAndOtherBeyondTheLimit) {
  std::vector<std::string> made;
  std::map<std::string, int> store;
  ByValue<int> by_value([&](const std::string& value) -> int& {
    made.push_back(value);
    return store[value];
  });
  EXPECT_EQ(&by_value.Get("a"), &by_value.Get("a"));
  EXPECT_EQ(made.size(), 1u);
  for (size_t i = 0; i < 2 * ByValue<int>::kMost; ++i) ++by_value.Get(absl::StrCat("v", i));
  EXPECT_EQ(store.size(), ByValue<int>::kMost + 1);
  EXPECT_EQ(store[kOther], static_cast<int>(ByValue<int>::kMost) + 1);
}

}  // namespace
}  // namespace sluice::telemetry
