#ifndef SLUICE_TESTS_BENCH_LOAD_SCRIPT_H_
#define SLUICE_TESTS_BENCH_LOAD_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::bench {

// The bytes of a chat completion stream, as the OpenAI API sends it over HTTP/1.1 with chunked encoding: an event, and
// a chunk, for each delta. With texts of 24 bytes an event has 295.
class Script {
 public:
  // Prepares up to `most` deltas at a time, each with a text of `text_bytes`.
  Script(size_t most, size_t text_bytes);

  // The next `count` deltas of a stream, of which the first has the number `first`, stamped with `now`. Valid until the
  // next call.
  absl::string_view Deltas(int64_t first, size_t count, int64_t now);

  // What comes before the first delta, and after the last.
  absl::string_view head() const;
  absl::string_view end() const { return end_; }
  // The reply to any other request: a list of models.
  absl::string_view models() const { return models_; }

  // Bytes of a delta with everything around it.
  static size_t DeltaBytes(size_t text_bytes);

 private:
  std::string deltas_;
  size_t delta_bytes_;
  size_t stamp_at_;
  std::string end_;
  std::string models_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_SCRIPT_H_
