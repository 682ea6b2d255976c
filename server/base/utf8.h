#ifndef SLUICE_SERVER_BASE_UTF8_H_
#define SLUICE_SERVER_BASE_UTF8_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice {

// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is a character.

// Length in bytes of the longest valid prefix; text.size() when all of it is valid.
size_t Utf8ValidPrefix(absl::string_view text);

inline bool IsValidUtf8(absl::string_view text) { return Utf8ValidPrefix(text) == text.size(); }

// Appends `text` with U+FFFD for each maximal subpart of an ill-formed sequence (Unicode 15, 3.9, table 3-8; the
// WHATWG Encoding decoder gives the same). Valid text is appended unchanged.
void AppendRepairedUtf8(absl::string_view text, std::string& out);
std::string RepairUtf8(absl::string_view text);

// Length of the longest prefix of at most `max` bytes that does not end inside a character. `text` must be valid;
// the result is then 0 only for empty text or a `max` below the first character's length (at most 4).
size_t Utf8Boundary(absl::string_view text, size_t max);

// Number of characters (code points) of valid text.
size_t Utf8Length(absl::string_view text);

}  // namespace sluice

#endif  // SLUICE_SERVER_BASE_UTF8_H_
