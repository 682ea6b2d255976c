#include "tests/unit/sse/split_feed.h"

#include <algorithm>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/utf8.h"

namespace sluice::sse {
namespace {

class Recorder final : public Handler {
 public:
  void OnEvent(const Event& event) override {
    found.push_back({Found::kEvent, std::string(event.type), std::string(event.data), std::string(event.id), fed});
  }
  void OnUnknownField(absl::string_view name, absl::string_view value) override {
    found.push_back({Found::kUnknown, std::string(name), std::string(value), "", fed});
  }
  void OnRetry(uint64_t milliseconds) override {
    found.push_back({Found::kRetry, "", absl::StrCat(milliseconds), "", fed});
  }

  std::vector<Found> found;
  size_t fed = 0;
};

struct Line {
  std::string text;
  size_t end;  // bytes of the stream up to and with the byte that ends it
};

std::vector<Line> LinesOf(absl::string_view stream) {
  std::vector<Line> lines;
  std::string text;
  for (size_t i = 0; i < stream.size(); ++i) {
    if (stream[i] == '\n' && i > 0 && stream[i - 1] == '\r') continue;
    if (stream[i] == '\r' || stream[i] == '\n') {
      lines.push_back({RepairUtf8(text), i + 1});
      text.clear();
    } else {
      text += stream[i];
    }
  }
  return lines;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Found& found) {
  static const char* const kKinds[] = {"event", "unknown", "retry"};
  return out << kKinds[found.kind] << testing::PrintToString(std::make_pair(found.type, found.data)) << " id "
             << testing::PrintToString(found.id) << " after " << found.bytes;
}

std::vector<Found> Reference(absl::string_view stream) {
  std::vector<Found> found;
  std::string data, type, id;
  std::vector<Line> lines = LinesOf(stream);
  if (!lines.empty() && lines[0].text.rfind("\xEF\xBB\xBF", 0) == 0) lines[0].text.erase(0, 3);
  for (const auto& [line, end] : lines) {
    if (line.empty()) {
      if (!data.empty()) {
        data.pop_back();
        found.push_back({Found::kEvent, type.empty() ? "message" : type, data, id, end});
      }
      data.clear();
      type.clear();
      continue;
    }
    const size_t colon = line.find(':');
    const std::string name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (colon == 0) {
    } else if (name == "data") {
      data += value + "\n";
    } else if (name == "event") {
      type = value;
    } else if (name == "id") {
      if (value.find('\0') == std::string::npos) id = value;
    } else if (name == "retry") {
      uint64_t number = 0;
      const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
      if (digits && absl::SimpleAtoi(value, &number)) {
        found.push_back({Found::kRetry, "", absl::StrCat(number), "", end});
      }
    } else {
      found.push_back({Found::kUnknown, name, value, "", end});
    }
  }
  return found;
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
