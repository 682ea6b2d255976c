#include "server/telemetry/tracing.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/fake_id.h"

namespace sluice::telemetry {
namespace {

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kUnsampled[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

class Place : public ::testing::Test {
 protected:
  Tracing With(double share) { return {spans_, ids_, share}; }

  SpanQueue spans_;
  FakeIdSource ids_;
};

TEST_F(Place, WithoutTracingACallersContextIsHandedOnAsItCame) {
  const TracePlace place = PlaceCall(kSampled, "congo=1", nullptr);
  EXPECT_FALSE(place.recorded);
  EXPECT_EQ(TraceparentOf(place, 1), kSampled);
  EXPECT_EQ(place.state, "congo=1");
  EXPECT_EQ(TraceparentOf(PlaceCall("", "", nullptr), 1), "");
}

TEST_F(Place, ASampledCallersTraceGoesOnWithASpanForEachAttempt) {
  const Tracing never = With(0);
  const TracePlace place = PlaceCall(kSampled, "congo=1", &never);
  EXPECT_TRUE(place.recorded);
  EXPECT_EQ(place.trace_id, kTrace);
  EXPECT_EQ(place.parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(place.span_id, "0000000000000001");
  EXPECT_EQ(TraceparentOf(place, 1), absl::StrCat("00-", kTrace, "-0000000000000002-01"));
  EXPECT_EQ(TraceparentOf(place, 2), absl::StrCat("00-", kTrace, "-0000000000000003-01"));
  EXPECT_EQ(AttemptSpanId(place, 2), "0000000000000003");
}

TEST_F(Place, FlagsThatNobodyHasDefinedAreNotSentWithAParentOfOurOwn) {
  const Tracing never = With(0);
  for (const auto& [came, sent] : {std::pair{"ff", "03"}, std::pair{"01", "01"}, std::pair{"03", "03"}}) {
    const TracePlace place = PlaceCall(absl::StrCat("00-", kTrace, "-00f067aa0ba902b7-", came), "", &never);
    EXPECT_EQ(TraceparentOf(place, 1).substr(53), sent);
  }
}

TEST_F(Place, ACallersTraceThatIsNotSampledIsHandedOnAsItCame) {
  const Tracing always = With(1);
  const TracePlace place = PlaceCall(kUnsampled, "", &always);
  EXPECT_FALSE(place.recorded);
  EXPECT_EQ(TraceparentOf(place, 1), kUnsampled);
}

TEST_F(Place, ACallWithoutATraceBeginsOne) {
  const Tracing always = With(1);
  const TracePlace place = PlaceCall("", "", &always);
  EXPECT_TRUE(place.recorded);
  EXPECT_EQ(place.parent_id, "");
  EXPECT_EQ(TraceparentOf(place, 1), "00-00000000000000000000000000000001-0000000000000003-03");
}

TEST_F(Place, ATraceThatIsNotSampledSaysSoUpstream) {
  const Tracing never = With(0);
  const TracePlace place = PlaceCall("", "", &never);
  EXPECT_FALSE(place.recorded);
  EXPECT_EQ(TraceparentOf(place, 1), "00-00000000000000000000000000000001-0000000000000003-02");
}

class FixedId final : public IdSource {
 public:
  explicit FixedId(std::string id) : id_(std::move(id)) {}
  std::string NewRequestId() override { return id_; }

 private:
  const std::string id_;
};

TEST_F(Place, TheShareGoesByTheLowest56BitsOfTheTraceId) {
  struct Case {
    const char* id;
    double share;
    bool sampled;
  };
  for (const auto& [id, share, sampled] :
       {Case{"000000000000000000c0000000000000", 0.25, true}, Case{"ffffffffffffffffffbfffffffffffff", 0.25, false},
        Case{"0000000000000000ff00000000000000", 0.9999, false}, Case{"0000000000000000ff00000000000000", 1, true},
        Case{"00000000000000000fffffffffffffff", 1e-9, true}, Case{"000000000000000001ffffffffffffff", 0, false}}) {
    FixedId ids{id};
    const Tracing tracing{spans_, ids, share};
    EXPECT_EQ(PlaceCall("", "", &tracing).recorded, sampled) << id << " " << share;
  }
}

}  // namespace
}  // namespace sluice::telemetry
