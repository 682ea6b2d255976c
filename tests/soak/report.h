#ifndef SLUICE_TESTS_SOAK_REPORT_H_
#define SLUICE_TESTS_SOAK_REPORT_H_

#include <vector>

#include "tests/soak/ledger.h"
#include "tests/soak/scrape.h"
#include "tests/soak/upstream.h"

namespace sluice::soak {

// What a soak saw of its gateway.
struct History {
  Sample idle;                  // before the load
  std::vector<Sample> samples;  // under load
  Sample settled;               // after it
  int reloads_asked = 0;
  int exit_status = 0;
};

// Samples without the warm-up: connections, pools and allocator arenas reach their size within the first fifth.
std::vector<Sample> WithoutWarmUp(const std::vector<Sample>& samples);

// The growth of resident memory: the floor (lower quartile) of the last quarter less that of the first after the
// warm-up.
double RssGrowthMib(const std::vector<Sample>& samples);

// Judges the history; what must not be goes to the ledger as breaches.
void Judge(const History& history, Ledger* ledger);

void PrintReport(const History& history, const Ledger& ledger, const Upstream& upstream);

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_REPORT_H_
