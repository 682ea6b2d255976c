#include "tests/unit/sse/split_feed.h"

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::sse {

std::ostream& operator<<(std::ostream& out, const Found& found) {
  static const char* const kKinds[] = {"event", "unknown", "retry"};
  return out << kKinds[found.kind] << testing::PrintToString(std::make_pair(found.type, found.data)) << " id "
             << testing::PrintToString(found.id) << " after " << found.bytes;
}

void ExpectFound(absl::string_view stream, const std::vector<size_t>& cuts, const std::vector<Found>& expected) {
  Decoder decoder;
  Recorder recorder;
  std::vector<size_t> ends = cuts;
  ends.push_back(stream.size());
  size_t start = 0;
  for (const size_t end : ends) {
    recorder.fed = end;
    // A copy of exactly these bytes, gone after the call: a view that outlives it is found by the address sanitizer.
    const std::string chunk(stream.substr(start, end - start));
    ASSERT_TRUE(decoder.Feed(chunk, recorder).ok());
    start = end;
  }
  std::vector<Found> wanted = expected;
  for (Found& w : wanted) ASSERT_LE(w.bytes, stream.size());
  for (Found& w : wanted) w.bytes = *std::lower_bound(ends.begin(), ends.end(), w.bytes);
  EXPECT_EQ(recorder.found, wanted) << testing::PrintToString(std::string(stream)) << " cut at "
                                    << testing::PrintToString(cuts);
}

void ExpectFoundAtEverySplit(absl::string_view stream, const std::vector<Found>& expected, int random_splits) {
  ExpectFound(stream, {}, expected);
  std::vector<size_t> every;
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    ExpectFound(stream, {cut}, expected);
    every.push_back(cut);
    if (testing::Test::HasFailure()) return;
  }
  ExpectFound(stream, every, expected);
  std::mt19937 random(static_cast<unsigned>(stream.size()));
  for (int i = 0; i < random_splits; ++i) {
    std::vector<size_t> cuts(1 + random() % 5);
    for (size_t& cut : cuts) cut = random() % (stream.size() + 1);
    std::sort(cuts.begin(), cuts.end());
    ExpectFound(stream, cuts, expected);
  }
}

}  // namespace sluice::sse
