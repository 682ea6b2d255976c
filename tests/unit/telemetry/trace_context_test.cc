#include "server/telemetry/trace_context.h"

#include <string>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace sluice::telemetry {
namespace {

const std::string kIds = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-";

TEST(TraceContextTest, Version00IsHandedOnAsItIs) {
  for (const char* flags : {"00", "01", "02", "03", "ff"}) {
    EXPECT_EQ(ReadTraceparent("00" + kIds + flags), "00" + kIds + flags);
  }
}

TEST(TraceContextTest, OfALaterVersionTheIdsAndTheSampledFlagAreKept) {
  EXPECT_EQ(ReadTraceparent("01" + kIds + "01"), "00" + kIds + "01");
  EXPECT_EQ(ReadTraceparent("cc" + kIds + "0b"), "00" + kIds + "01");
  EXPECT_EQ(ReadTraceparent("cc" + kIds + "02"), "00" + kIds + "00");
  EXPECT_EQ(ReadTraceparent("cc" + kIds + "01-"), "00" + kIds + "01");
  EXPECT_EQ(ReadTraceparent("cc" + kIds + "01-what-the-future-will-be"), "00" + kIds + "01");
}

TEST(TraceContextTest, ATraceparentAgainstTheRulesIsIgnored) {
  for (const std::string& text : {
           std::string(),
           std::string("nonsense"),
           "ff" + kIds + "01",
           "0F" + kIds + "01",
           "0g" + kIds + "01",
           "00" + kIds + "1",
           "00" + kIds + "011",
           "00" + kIds + "01-",
           "00" + kIds + "01-more",
           "00" + kIds + "0A",
           "00" + kIds + "0.",
           "cc" + kIds + "01.what",
           " 00" + kIds + "01",
           "00" + kIds + "01 ",
           std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
           std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
           std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
           std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01"),
           std::string("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
           std::string("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"),
           std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01"),
           std::string("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7a-01"),
       }) {
    EXPECT_EQ(ReadTraceparent(text), "") << text;
  }
}

TEST(TraceContextTest, ATracestateMayBeWhatAHeaderMayCarry) {
  for (const std::string& good : {std::string("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"), std::string("a=1, b=2"),
                                  std::string(512, 'a'), std::string()}) {
    EXPECT_EQ(ReadTracestate(good), good);
  }
  EXPECT_EQ(ReadTracestate("a=1\r\nX-Other: 2"), "");
  EXPECT_EQ(ReadTracestate("a=\xc3\xa9"), "");
}

TEST(TraceContextTest, OfATracestateThatIsTooLongWholeMembersGo) {
  const std::string large = "large=" + std::string(123, 'x'), small = "small=" + std::string(122, 'x');
  ASSERT_EQ(small.size(), 128u);
  EXPECT_EQ(ReadTracestate(std::string(513, 'a')), "");
  EXPECT_EQ(ReadTracestate(absl::StrJoin({small, large, small, large, small}, ",")),
            absl::StrJoin({small, small, small}, ","))
      << "the large ones first, as long as it is too long";
  EXPECT_EQ(ReadTracestate(absl::StrJoin({small, small, large, std::string("a=1")}, ",")),
            absl::StrJoin({small, small, large, std::string("a=1")}, ","));
  EXPECT_EQ(ReadTracestate(absl::StrJoin({small, small, small, small, std::string("last=1")}, ",")),
            absl::StrJoin({small, small, small}, ","))
      << "then from the end";
}

}  // namespace
}  // namespace sluice::telemetry
