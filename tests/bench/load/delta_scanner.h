#ifndef SLUICE_TESTS_BENCH_LOAD_DELTA_SCANNER_H_
#define SLUICE_TESTS_BENCH_LOAD_DELTA_SCANNER_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::bench {

// Finds the texts in the events of a chat completion stream, however they are cut and whatever is around them. It looks
// for the member "content" only, and first where the one before had it, which makes it far cheaper than parsing.
class DeltaScanner {
 public:
  explicit DeltaScanner(size_t text_bytes) : text_bytes_(text_bytes) {}

  // Calls on_text(view) for each text that `piece` completes. Empty and absent texts are passed over; of one that is
  // not of the length expected, the view is a torn part.
  template <typename OnText>
  void Feed(absl::string_view piece, OnText on_text) {
    if (!rest_.empty()) {
      rest_.append(piece.data(), piece.size());
      piece = rest_;
    }
    size_t at = 0;
    absl::string_view text;
    while (Next(piece, &at, &text)) on_text(text);
    Keep(piece, at);
  }

  // Whether "data: [DONE]" came.
  bool done() const { return done_; }

 private:
  bool Next(absl::string_view piece, size_t* at, absl::string_view* text);
  size_t FindMark(absl::string_view piece, size_t from);
  void Keep(absl::string_view piece, size_t at);

  size_t text_bytes_;
  std::string rest_;  // what was fed but may belong to a text or mark that is not complete
  // How far the mark was from the beginning of a piece, and from the end of the text before it.
  std::array<size_t, 2> usual_distance_{};
  bool done_ = false;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_DELTA_SCANNER_H_
