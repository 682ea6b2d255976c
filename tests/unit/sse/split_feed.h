#ifndef SLUICE_TESTS_UNIT_SSE_SPLIT_FEED_H_
#define SLUICE_TESTS_UNIT_SSE_SPLIT_FEED_H_

#include <cstddef>
#include <ostream>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/unit/sse/reference.h"

namespace sluice::sse {

std::ostream& operator<<(std::ostream& out, const Found& found);

// Feeds `stream` cut at `cuts` (ascending) and checks that the decoder finds `expected`, each in the Feed call that
// brings the byte which completes it.
void ExpectFound(absl::string_view stream, const std::vector<size_t>& cuts, const std::vector<Found>& expected);

// The same for the stream whole, byte by byte, at every place in two, and in `random_splits` random ways; with empty
// reads between.
void ExpectFoundAtEverySplit(absl::string_view stream, const std::vector<Found>& expected, int random_splits = 20);

}  // namespace sluice::sse

#endif  // SLUICE_TESTS_UNIT_SSE_SPLIT_FEED_H_
