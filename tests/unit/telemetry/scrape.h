#ifndef SLUICE_TESTS_UNIT_TELEMETRY_SCRAPE_H_
#define SLUICE_TESTS_UNIT_TELEMETRY_SCRAPE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::telemetry {

// One scrape in the text exposition format 0.0.4, taken apart strictly. `problems` holds what a linter would refuse: a
// sample without HELP and TYPE before it, a line twice, a family in two places, a histogram whose buckets fall or do
// not end in +Inf equal to _count.
struct ParsedScrape {
  struct Family {
    std::string type, help;
    std::map<std::string, double> samples;  // "name{a=\"b\",...}" -> value
  };
  std::map<std::string, Family> families;
  std::map<std::string, double> samples;  // of all families
  std::vector<std::string> problems;

  // The value of a sample written as in the scrape; -1 when it is not there.
  double Value(absl::string_view sample) const;
};

ParsedScrape ParseScrape(absl::string_view text);

}  // namespace sluice::telemetry

#endif  // SLUICE_TESTS_UNIT_TELEMETRY_SCRAPE_H_
