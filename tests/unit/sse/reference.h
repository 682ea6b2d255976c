#ifndef SLUICE_TESTS_UNIT_SSE_REFERENCE_H_
#define SLUICE_TESTS_UNIT_SSE_REFERENCE_H_

#include <cstddef>
#include <cstdint>
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

// Notes what a decoder hands over. Set `fed` before each Feed call.
class Recorder final : public Handler {
 public:
  void OnEvent(const Event& event) override;
  void OnUnknownField(absl::string_view name, absl::string_view value) override;
  void OnRetry(uint64_t milliseconds) override;

  std::vector<Found> found;
  size_t fed = 0;  // bytes of the stream up to the end of the running call
};

// The whole stream at once, written as the standard words it and with no state between reads: what the decoder must
// find, each at the byte that completes it.
std::vector<Found> Reference(absl::string_view stream);

}  // namespace sluice::sse

#endif  // SLUICE_TESTS_UNIT_SSE_REFERENCE_H_
