#include "server/telemetry/families.h"

#include "gtest/gtest.h"

namespace sluice::telemetry {
namespace {

TEST(Families, LabelsArePairedInTheOrderOfTheList) {
  EXPECT_EQ(MakeLabels(kTokens, {"up", "m", "input"}),
            (prometheus::Labels{{"upstream", "up"}, {"model", "m"}, {"type", "input"}}));
}

TEST(Families, ASampledFamilyCarriesItsKindAndLabels) {
  const prometheus::MetricFamily counter = MakeFamily(kPoolOpened, {{{"up"}, 3}});
  EXPECT_EQ(counter.type, prometheus::MetricType::Counter);
  ASSERT_EQ(counter.metric.size(), 1u);
  EXPECT_EQ(counter.metric[0].counter.value, 3);
  EXPECT_EQ(counter.metric[0].label, (std::vector<prometheus::ClientMetric::Label>{{"upstream", "up"}}));
  const prometheus::MetricFamily gauge = MakeFamily(kProcessThreads, {{{}, 5}});
  EXPECT_EQ(gauge.type, prometheus::MetricType::Gauge);
  EXPECT_EQ(gauge.metric[0].gauge.value, 5);
}

}  // namespace
}  // namespace sluice::telemetry
