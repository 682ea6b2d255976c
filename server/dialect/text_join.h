#ifndef SLUICE_SERVER_DIALECT_TEXT_JOIN_H_
#define SLUICE_SERVER_DIALECT_TEXT_JOIN_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/json/tape.h"

namespace sluice::dialect {

// Mends one field's text across deltas. A tokenizer can cut a character of two UTF-16 units in the middle, so that one
// delta ends in "\ud83d" and the next begins with "\ude00". The first half is held back until its other half comes;
// if that never comes, U+FFFD takes its place.
class TextJoin {
 public:
  // What may be sent now. The view is into `text` or `scratch`, and lives as long as those stay unchanged. Empty text
  // changes nothing.
  absl::string_view Next(const json::Text& text, std::string& scratch);

  // What is still held, at the end of the text: U+FFFD, or "".
  absl::string_view Flush();

 private:
  uint16_t held_ = 0;  // a high surrogate, or 0
};

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_TEXT_JOIN_H_
