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
  std::shared_ptr<Series> series_ = metrics_.Resolve({"chat", "*", "up", "openai", "m", "host"});
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
