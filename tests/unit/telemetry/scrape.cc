#include "tests/unit/telemetry/scrape.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice::telemetry {
namespace {

// The series' buckets without their `le`, in the order of the scrape.
using Buckets = std::map<std::string, std::vector<std::pair<double, double>>>;

double ParseValue(absl::string_view text) {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (!absl::SimpleAtod(text, &value)) return std::numeric_limits<double>::quiet_NaN();
  return value;
}

class Parser {
 public:
  ParsedScrape Parse(absl::string_view text) {
    if (!absl::EndsWith(text, "\n")) Problem("no line end at the end", text.substr(text.rfind('\n') + 1));
    for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      if (absl::ConsumePrefix(&line, "# HELP ")) {
        Help(line);
      } else if (absl::ConsumePrefix(&line, "# TYPE ")) {
        Type(line);
      } else {
        Sample(line);
      }
    }
    CheckBuckets();
    return std::move(result_);
  }

 private:
  void Problem(absl::string_view what, absl::string_view where) {
    result_.problems.push_back(absl::StrCat(what, ": ", where));
  }

  void Help(absl::string_view line) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    current_ = parts.first;
    if (result_.families.count(current_) != 0) Problem("family twice", current_);
    result_.families[current_].help = parts.second;
    if (parts.second.empty()) Problem("empty help", current_);
  }

  void Type(absl::string_view line) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (parts.first != current_) Problem("TYPE does not follow its HELP", parts.first);
    result_.families[current_].type = parts.second;
  }

  void Sample(absl::string_view line) {
    const size_t space = line.rfind(' ');
    const std::string name(line.substr(0, space));
    const double value = ParseValue(line.substr(space + 1));
    if (std::isnan(value)) Problem("not a number", line);
    const std::string bare = name.substr(0, name.find('{'));
    ParsedScrape::Family& family = result_.families[current_];
    const bool histogram = family.type == "histogram";
    const bool belongs = histogram
                             ? bare == current_ + "_bucket" || bare == current_ + "_sum" || bare == current_ + "_count"
                             : bare == current_;
    if (!belongs) Problem("sample outside its family", line);
    if (family.type == "counter" && !absl::EndsWith(bare, "_total")) Problem("counter without _total", line);
    if (value < 0) Problem("negative", line);
    if (!family.samples.emplace(name, value).second) Problem("sample twice", line);
    result_.samples[name] = value;
    if (histogram && bare == current_ + "_bucket") AddBucket(name, value);
  }

  void AddBucket(const std::string& name, double count) {
    const size_t le = name.rfind("le=\"");
    const size_t end = name.find('"', le + 4);
    if (le == std::string::npos || end == std::string::npos) return Problem("bucket without le", name);
    std::string series = name.substr(0, le) + name.substr(end + 1);
    series = absl::StrReplaceAll(series, {{",}", "}"}, {"_bucket", "_count"}});
    if (absl::EndsWith(series, "{}")) series.resize(series.size() - 2);
    buckets_[series].emplace_back(ParseValue(absl::string_view(name).substr(le + 4, end - le - 4)), count);
  }

  void CheckBuckets() {
    for (const auto& [series, buckets] : buckets_) {
      for (size_t i = 1; i < buckets.size(); ++i) {
        if (buckets[i].first <= buckets[i - 1].first) Problem("bounds do not rise", series);
        if (buckets[i].second < buckets[i - 1].second) Problem("counts fall", series);
      }
      if (!std::isinf(buckets.back().first)) Problem("no +Inf bucket", series);
      if (buckets.back().second != result_.Value(series)) Problem("+Inf bucket is not the count", series);
    }
  }

  ParsedScrape result_;
  std::string current_;
  Buckets buckets_;
};

}  // namespace

double ParsedScrape::Value(absl::string_view sample) const {
  const auto it = samples.find(std::string(sample));
  return it == samples.end() ? -1 : it->second;
}

ParsedScrape ParseScrape(absl::string_view text) { return Parser().Parse(text); }

}  // namespace sluice::telemetry
