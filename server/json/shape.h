#ifndef SLUICE_SERVER_JSON_SHAPE_H_
#define SLUICE_SERVER_JSON_SHAPE_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sluice::json {

// Remembers one JSON text without the contents of some of its strings, and knows the texts that differ in nothing else.
//
// The chunks of a streamed answer are such texts: the same members in the same order, and new words in one string. By
// the grammar (RFC 8259) a text that matches has the same values as the remembered one but for those strings, so who
// has read that one in full knows what this one says. No guess is in it: a text that differs in any other byte does not
// match. To compare a chunk costs about a hundredth of what it costs to parse it.
class Shape {
 public:
  static constexpr size_t kMaxStrings = 2;
  static constexpr size_t kMaxBytes = 4096;  // longer texts are not remembered
  using Strings = std::array<absl::string_view, kMaxStrings>;

  // `text` is valid JSON. `strings` are what stands between the quotes of some of its string values, as views into
  // `text`, in their order; at most kMaxStrings.
  void Learn(absl::string_view text, absl::Span<const absl::string_view> strings);
  void Forget();
  bool empty() const { return text_.empty(); }

  // On a match fills the front of `strings` with what `text` has between those quotes, escapes as they stand: see
  // AppendUnescaped. `text` is valid UTF-8.
  bool Match(absl::string_view text, Strings& strings) const;

 private:
  std::string text_;                      // without the strings
  std::array<size_t, kMaxStrings> cuts_;  // where in it they stood
  size_t count_ = 0;
};

// Appends what a JSON string means that stands so between its quotes. False, with anything appended, for what is no
// JSON string and for escaped surrogates, which need more thought than this (Tape).
bool AppendUnescaped(absl::string_view raw, std::string& out);

}  // namespace sluice::json

#endif  // SLUICE_SERVER_JSON_SHAPE_H_
