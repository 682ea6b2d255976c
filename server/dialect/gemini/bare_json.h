#ifndef SLUICE_SERVER_DIALECT_GEMINI_BARE_JSON_H_
#define SLUICE_SERVER_DIALECT_GEMINI_BARE_JSON_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::dialect::gemini {

// Puts together the JSON that stands in an event stream without "data:", line by line, as Gemini sends an error once a
// stream has begun. The lines come as an SSE decoder splits them, at the first colon; a blank after that colon is lost.
class BareJson {
 public:
  // True: with this line a document is complete, and text() is it until the next call. Other lines are ignored, and so
  // is a document above 64 KiB.
  bool Add(absl::string_view name, absl::string_view value);
  absl::string_view text() const { return text_; }

 private:
  void Count(absl::string_view text);

  std::string text_;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool complete_ = false;
};

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_BARE_JSON_H_
