#ifndef SLUICE_SERVER_DIALECT_GEMINI_OPAQUE_PARTS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_OPAQUE_PARTS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/json/tape.h"

namespace sluice::dialect::gemini {

inline constexpr absl::string_view kDialectName = "gemini";

// What Gemini wants back on the next turn, as dialect/opaque.h wraps it. An answer comes back as its text, its calls
// and its opaque parts, each kind joined and apart from the others; so an opaque part says itself where it stood:
//   {"thoughtSignature":S,"call":ID}                  on the function call of that id
//   {"thoughtSignature":S,"text":[B,E],"calls":N}     on the part with bytes B to E of the answer's text, which can be
//                                                     none, after N of its calls
//   {"part":{...},"text":[E,E],"calls":N}             a whole part that is neither text nor call: signed thinking, a
//                                                     picture, code that was run and what came of it
// A function call replayed without its signature is refused by Gemini 3; signatures on text help it to think on.
struct Mark {
  std::string signature;
  std::string call;  // the first form, if not ""
  std::string part;  // the third, if not ""
  size_t begin = 0;  // of the text, in bytes; not above `end`
  size_t end = 0;
  size_t calls = 0;
};

std::string OpaqueOfCall(absl::string_view signature, absl::string_view call_id);
std::string OpaqueOfText(absl::string_view signature, size_t begin, size_t end, size_t calls);
std::string OpaqueOfPart(json::Value part, size_t end, size_t calls);

// Reads what one of those wrapped; nothing if it is of no such form.
std::optional<Mark> ReadMark(const std::string& native_json);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_OPAQUE_PARTS_H_
