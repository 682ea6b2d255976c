#include "server/telemetry/log.h"

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/telemetry/log_line.h"

namespace sluice::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One member of a line that must read back as JSON.
std::string Member(const std::string& line, const std::string& name) {
  const auto members = ReadLogLine(line);
  EXPECT_TRUE(members.has_value()) << line;
  if (!members || members->count(name) == 0) return "(absent)";
  return members->at(name);
}

class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    SetLogLevel(Level::kInfo);
    SetLogSink([this](absl::string_view line) { lines_.emplace_back(line); });
  }
  ~LogTest() override {
    SetLogSink(nullptr);
    SetLogLevel(Level::kInfo);
  }

  std::vector<std::string> lines_;
};

TEST_F(LogTest, ALineIsOneObjectWithTimeLevelMessageAndFieldsInOrder) {
  Log(Level::kInfo, "call ended", {{"request_id", "r1"}, {"deltas", 50}, {"ok", true}});
  ASSERT_EQ(lines_.size(), 1u);
  const std::string ts = Member(lines_[0], "ts");
  EXPECT_EQ(lines_[0], absl::StrCat("{\"ts\":\"", ts,
                                    "\",\"level\":\"info\",\"msg\":\"call ended\",\"request_id\":\"r1\",\"deltas\":50,"
                                    "\"ok\":true}"));
}

TEST_F(LogTest, TimeIsUtcWithMilliseconds) {
  // For more than a millisecond, so that lines of one second differ; now and then the second changes, too.
  const absl::Time end = absl::Now() + absl::Milliseconds(20);
  for (absl::Time before = absl::Now(); before < end; before = absl::Now()) {
    lines_.clear();
    Log(Level::kInfo, "m");
    const absl::Time after = absl::Now();
    ASSERT_EQ(lines_.size(), 1u);
    const std::string ts = Member(lines_[0], "ts");
    EXPECT_THAT(ts, ::testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, ts, &time, &error)) << error;
    EXPECT_GE(time, before - absl::Milliseconds(1));  // the milliseconds are cut, not rounded
    EXPECT_LE(time, after);
  }
}

TEST_F(LogTest, LinesBelowTheLevelAreNotMade) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) Log(level, "m");
  SetLogLevel(Level::kError);
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) Log(level, "m");
  SetLogLevel(Level::kDebug);
  Log(Level::kDebug, "m");
  std::vector<std::string> levels;
  for (const std::string& line : lines_) levels.push_back(Member(line, "level"));
  EXPECT_THAT(levels, ElementsAre("info", "warning", "error", "error", "debug"));
}

TEST_F(LogTest, QuotesNewlinesAndControlCharactersStayOneLineAndReadBack) {
  std::string nasty = "quote\" back\\slash\nnewline\r\n\ttab\x1b[31m\x7f";
  nasty += '\0';
  nasty += "end \xc2\x85 \xe2\x80\xa8 \xe2\x80\xa9 \xe2\x80\xaa \xc3\xa9 \xf0\x9f\x8c\x8a";
  Log(Level::kWarning, nasty, {{"nasty", nasty}});
  ASSERT_EQ(lines_.size(), 1u);
  for (const char c : lines_[0]) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << lines_[0];
  EXPECT_THAT(lines_[0], HasSubstr("quote\\\" back\\\\slash\\nnewline\\r\\n\\ttab\\u001b[31m\\u007f\\u0000end \\u0085 "
                                   "\\u2028 \\u2029 \xe2\x80\xaa \xc3\xa9 \xf0\x9f\x8c\x8a\""));
  EXPECT_EQ(Member(lines_[0], "msg"), nasty);
  EXPECT_EQ(Member(lines_[0], "nasty"), nasty);
}

TEST(LogName, OnlyPrintableAsciiWithoutQuoteAndBackslashIsPlain) {
  for (const char c : {' ', '!', 'a', '_', '~'}) EXPECT_TRUE(LogName::IsPlain(c)) << c;
  for (const char c : {'\0', '\n', '\x1f', '"', '\\', '\x7f', '\x80', '\xff'}) EXPECT_FALSE(LogName::IsPlain(c)) << c;
}

TEST_F(LogTest, BytesThatAreNotUtf8BecomeReplacementCharacters) {
  Log(Level::kInfo,
      "a\xff"
      "b",
      {{"cut", "\xe2\x82"}, {"surrogate", "\xed\xa0\x80"}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(Member(lines_[0], "msg"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(Member(lines_[0], "cut"), "\xef\xbf\xbd");
  EXPECT_THAT(Member(lines_[0], "surrogate"), HasSubstr("\xef\xbf\xbd"));
}

TEST_F(LogTest, NumbersKeepTheirValue) {
  const size_t size = 7;
  Log(Level::kInfo, "m",
      {{"min", std::numeric_limits<int64_t>::min()},
       {"max", std::numeric_limits<uint64_t>::max()},
       {"size", size},
       {"small", 0.1},
       {"tiny", 1e-7},
       {"nan", std::nan("")},
       {"inf", std::numeric_limits<double>::infinity()},
       {"no", false}});
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(Member(lines_[0], "min"), "-9223372036854775808");
  EXPECT_THAT(lines_[0],
              HasSubstr(",\"min\":-9223372036854775808,\"max\":18446744073709551615,\"size\":7,\"small\":0.1,"
                        "\"tiny\":1e-07,\"nan\":null,\"inf\":null,\"no\":false}"));
}

TEST_F(LogTest, FormatCharactersAreNotInterpreted) {
  Log(Level::kInfo, "100% {} {0} %v %n");
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(Member(lines_[0], "msg"), "100% {} {0} %v %n");
}

TEST_F(LogTest, LongTextIsWhole) {
  const std::string text(100'000, 'x');
  Log(Level::kInfo, text);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(Member(lines_[0], "msg"), text);
}

// Four threads log numbered lines; every one must be found once and whole.
void LogFromThreads(int each) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, each] {
      for (int i = 0; i < each; ++i) Log(Level::kInfo, std::string(200, 'x'), {{"key", absl::StrCat(t, "/", i)}});
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(LogTest, LinesOfSeveralThreadsAreNeverTorn) {
  LogFromThreads(200);
  std::set<std::string> keys;
  for (const std::string& line : lines_) keys.insert(Member(line, "key"));
  EXPECT_EQ(lines_.size(), 800u);
  EXPECT_EQ(keys.size(), 800u);
}

TEST(LogToStandardError, EachLineEndsInOneNewlineAndIsNeverTorn) {
  SetLogSink(nullptr);
  ::testing::internal::CaptureStderr();
  LogFromThreads(50);
  const std::string written = ::testing::internal::GetCapturedStderr();
  const std::vector<std::string> lines = absl::StrSplit(written, '\n');
  ASSERT_EQ(lines.size(), 201u);
  EXPECT_THAT(lines.back(), IsEmpty());
  for (size_t i = 0; i + 1 < lines.size(); ++i) EXPECT_EQ(Member(lines[i], "msg"), std::string(200, 'x'));
}

}  // namespace
}  // namespace sluice::telemetry
