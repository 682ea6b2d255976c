#ifndef SLUICE_TESTS_UNIT_SSE_SPLIT_FEED_H_
#define SLUICE_TESTS_UNIT_SSE_SPLIT_FEED_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/sse/decoder.h"

namespace sluice::sse {

// What a decoder handed over, and after how many bytes of the stream.
struct Found {
  enum Kind { kEvent, kUnknown, kRetry } kind = kEvent;
  std::string type;  // the name of an unknown field
  std::string data;  // its value; the number of a retry
  std::string id;
  size_t bytes = 0;

  bool operator==(const Found& other) const = default;
};

std::ostream& operator<<(std::ostream& out, const Found& found);

// The whole stream at once, written as the standard words it and with no state between reads: what the decoder must
// find, each at the byte that completes it.
std::vector<Found> Reference(absl::string_view stream);

// Feeds `stream` cut at `cuts` (ascending) and checks that the decoder finds `expected`, each in the Feed call that
// brings the byte which completes it.
void ExpectFound(absl::string_view stream, const std::vector<size_t>& cuts, const std::vector<Found>& expected);

// The same for the stream whole, byte by byte, at every place in two, and in `random_splits` random ways; with empty
// reads between.
void ExpectFoundAtEverySplit(absl::string_view stream, const std::vector<Found>& expected, int random_splits = 20);

}  // namespace sluice::sse

#endif  // SLUICE_TESTS_UNIT_SSE_SPLIT_FEED_H_
