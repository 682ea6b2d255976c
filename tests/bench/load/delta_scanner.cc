#include "tests/bench/load/delta_scanner.h"

#include <cstring>

namespace sluice::bench {
namespace {

constexpr absl::string_view kMark = "\"content\":";
constexpr absl::string_view kDone = "[DONE]";
// Longer than the mark, a space and a quote, and than kDone: what may have begun at a piece's end is within it.
constexpr size_t kTail = 16;

size_t Find(absl::string_view in, absl::string_view what, size_t from) {
  const void* found = memmem(in.data() + from, in.size() - from, what.data(), what.size());
  return found == nullptr ? absl::string_view::npos : static_cast<size_t>(static_cast<const char*>(found) - in.data());
}

}  // namespace

// False when no further text is complete; `*at` is then what has to be kept.
bool DeltaScanner::Next(absl::string_view piece, size_t* at, absl::string_view* text) {
  for (;;) {
    const size_t mark = FindMark(piece, *at);
    if (mark == absl::string_view::npos) return false;
    size_t begin = mark + kMark.size();
    if (begin < piece.size() && piece[begin] == ' ') ++begin;
    // Enough to tell an empty text, and then a whole one with its closing quote.
    const bool is_text = begin < piece.size() && piece[begin] == '"';
    const bool is_empty = is_text && begin + 1 < piece.size() && piece[begin + 1] == '"';
    if (begin + 1 >= piece.size() || (is_text && !is_empty && begin + text_bytes_ + 2 > piece.size())) {
      *at = mark;
      return false;
    }
    *at = begin;
    if (!is_text || is_empty) continue;
    *text = piece.substr(begin + 1, text_bytes_);
    if (piece[begin + 1 + text_bytes_] != '"') text->remove_suffix(1);
    *at = begin + text_bytes_ + 2;
    return true;
  }
}

size_t DeltaScanner::FindMark(absl::string_view piece, size_t from) {
  size_t& usual = usual_distance_[from == 0 ? 0 : 1];
  if (piece.size() >= from + usual + kMark.size() &&
      memcmp(piece.data() + from + usual, kMark.data(), kMark.size()) == 0) {
    return from + usual;
  }
  const size_t found = Find(piece, kMark, from);
  if (found != absl::string_view::npos) usual = found - from;
  return found;
}

void DeltaScanner::Keep(absl::string_view piece, size_t at) {
  done_ = done_ || Find(piece, kDone, at) != absl::string_view::npos;
  const bool mark_open = piece.size() - at >= kMark.size() && piece.compare(at, kMark.size(), kMark) == 0;
  if (!mark_open && piece.size() - at > kTail) at = piece.size() - kTail;
  // Events end with a newline, and neither a text nor a mark holds one: usually there is nothing to keep.
  if (!mark_open && !piece.empty() && piece.back() == '\n') at = piece.size();
  if (!rest_.empty()) {
    rest_.erase(0, at);
  } else {
    rest_.append(piece.data() + at, piece.size() - at);
  }
}

}  // namespace sluice::bench
