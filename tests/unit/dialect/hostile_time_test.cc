// In every dialect, decoding twice as much takes about twice as long, whatever an upstream sends and however small the
// reads that it comes in are. By the processor's time of this thread, which other programs do not add to.

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/each_dialect.h"

namespace sluice::dialect {
namespace {

constexpr size_t kWhole = std::numeric_limits<size_t>::max();  // one read
constexpr size_t kSocketRead = size_t{16} << 10;
// What is twice as long may take three times as long: the caches hold less of it.
constexpr double kMostTimes = 3;
constexpr int kRounds = 5;
constexpr int kMostTries = 4;

// Counts what comes, so that the time is the decoder's.
class Counter final : public chat::EventSink {
 public:
  void OnIdentity(const chat::Identity&) override {}
  void OnDelta(const chat::Delta& delta) override { bytes += delta.text.size() + delta.tool.arguments.size(); }
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnDone(const chat::Error* error) override { failed = error != nullptr; }

  size_t bytes = 0;
  bool failed = false;
};

double ThreadSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Decodes `body` in reads of `read` bytes, which must give that many bytes of output; returns how long it took.
double Time(absl::string_view codec, absl::string_view body, size_t read, size_t output) {
  const double start = ThreadSeconds();
  Counter counter;
  ReplyReader reader(FindCodec(codec)->NewDecoder(Target(), DecodeLimits()), "text/event-stream", DecodeLimits());
  for (size_t at = 0; at < body.size(); at += std::min(read, body.size() - at)) {
    reader.Feed(body.substr(at, read), counter);
  }
  reader.Eof(counter);
  const double seconds = ThreadSeconds() - start;
  EXPECT_EQ(counter.bytes, output);
  EXPECT_FALSE(counter.failed);
  return seconds;
}

class HostileTime : public testing::TestWithParam<Dialect> {
 protected:
  std::string Body(Events events) const { return Stream(Answer(GetParam(), std::move(events))); }
  // `make(n)` is a body of n times as much, which gives n times `output` bytes, and `frame` more.
  void ExpectLinear(const std::function<std::string(size_t)>& make, size_t output, size_t read, size_t frame = 0) {
    const std::string once = make(1), twice = make(2);
    double times = 0;
    // The best of some rounds, and some more of them where the machine was disturbed.
    double best_once = std::numeric_limits<double>::max(), best_twice = best_once;
    for (int attempt = 0; attempt < kMostTries; ++attempt) {
      for (int round = 0; round < kRounds && !HasFailure(); ++round) {
        best_once = std::min(best_once, Time(GetParam().name, once, read, output + frame));
        best_twice = std::min(best_twice, Time(GetParam().name, twice, read, 2 * output + frame));
      }
      times = best_twice / best_once;
      if (times <= kMostTimes) return;
    }
    ADD_FAILURE() << "twice as much takes " << times << " times as long: " << best_once << " s, " << best_twice << " s";
  }
};

TEST_P(HostileTime, ManySmallDeltas) {
  // 1 MiB at twice as much.
  const size_t count = (size_t{512} << 10) / (GetParam().text("a word ").size() + 8);
  ExpectLinear([&](size_t times) { return Body(Events(times * count, GetParam().text("a word "))); }, 7 * count,
               kSocketRead);
}

TEST_P(HostileTime, OneLargeDeltaInReadsOfOneByte) {
  const size_t size = size_t{64} << 10;
  ExpectLinear([&](size_t times) { return Body({GetParam().text(std::string(times * size, 'x'))}); }, size, 1);
}

TEST_P(HostileTime, OneLargeDelta) {
  const size_t size = size_t{512} << 10;
  ExpectLinear([&](size_t times) { return Body({GetParam().text(std::string(times * size, 'x'))}); }, size, kWhole);
}

TEST_P(HostileTime, OneEventOfManyLines) {
  // Blanks between JSON's tokens, which are line ends when lines are joined.
  const size_t lines = size_t{32} << 10;
  const std::string text = GetParam().text("x");
  ExpectLinear(
      [&](size_t times) {
        std::string body = absl::StrCat("data: ", text.substr(0, text.size() - 1));
        for (size_t i = 0; i < times * lines; ++i) absl::StrAppend(&body, "\ndata:");
        return absl::StrCat(body, "\ndata: }\n\n", Body({}));
      },
      0, kSocketRead, 1);
}

TEST_P(HostileTime, OneCallInManyPieces) {
  const size_t count = 1000;
  ExpectLinear([&](size_t times) { return Body(GetParam().call(Events(times * count, "a word "))); }, 7 * count,
               kSocketRead, GetParam().is_gemini() ? absl::string_view(R"({"s":""})").size() : 0);
}

TEST_P(HostileTime, ManyHalvesOfSurrogatePairs) {
  const size_t count = 10'000;
  ExpectLinear(
      [&](size_t times) {
        std::string halves;
        for (size_t i = 0; i < times * count; ++i) absl::StrAppend(&halves, R"(\ude00)");
        return Body({GetParam().text(halves)});
      },
      3 * count, kWhole);
}

TEST_P(HostileTime, ManyStringsThatEndInHalves) {
  const size_t count = 5000;
  const std::string text = GetParam().text("x");
  ExpectLinear(
      [&](size_t times) {
        std::string event = absl::StrCat(text.substr(0, text.size() - 1), R"(,"x":[)");
        for (size_t i = 0; i < times * count; ++i) absl::StrAppend(&event, R"("\ud83d",)");
        return Body({absl::StrCat(event, "0]}")});
      },
      0, kWhole, 1);
}

TEST_P(HostileTime, ManyBytesThatAreNoUtf8) {
  const size_t count = size_t{64} << 10;
  ExpectLinear([&](size_t times) { return Body({GetParam().text(std::string(times * count, '\xFF'))}); }, 3 * count,
               kSocketRead);
}

TEST_P(HostileTime, ManyMembersThatNobodyReads) {
  const size_t count = 10'000;
  const std::string text = GetParam().text("x");
  ExpectLinear(
      [&](size_t times) {
        std::string event = text.substr(0, text.size() - 1);
        for (size_t i = 0; i < times * count; ++i) absl::StrAppend(&event, R"(,"x":{"y":0})");
        return Body({absl::StrCat(event, "}")});
      },
      0, kWhole, 1);
}

TEST_P(HostileTime, ManyLinesThatMeanNothing) {
  const size_t count = 10'000;
  ExpectLinear(
      [&](size_t times) {
        std::string lines;
        for (size_t i = 0; i < times * count; ++i)
          absl::StrAppend(&lines, ": PING\n\n{\"x\": [\n", "error: {\"x\":1}\n");
        return absl::StrCat(lines, Body({GetParam().text("x")}));
      },
      0, kSocketRead, 1);
}

INSTANTIATE_TEST_SUITE_P(EachDialect, HostileTime, testing::ValuesIn(EachDialect()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace sluice::dialect
