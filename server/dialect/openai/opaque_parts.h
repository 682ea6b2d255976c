#ifndef SLUICE_SERVER_DIALECT_OPENAI_OPAQUE_PARTS_H_
#define SLUICE_SERVER_DIALECT_OPENAI_OPAQUE_PARTS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice::dialect::openai {

// What servers of this dialect want back on the next turn, as dialect/opaque.h wraps it:
//   {"reasoning_details":[...]}            of the message (OpenRouter)
//   {"extra_content":{...},"call":ID}      of one tool call (Gemini's OpenAI-compatible endpoint: its thought
//   signature)
inline constexpr absl::string_view kDialectName = "openai";

std::string OpaqueReasoningDetails(absl::string_view entries);  // the array's elements, with commas between
std::string OpaqueExtraContent(absl::string_view call_id, absl::string_view extra_content);

}  // namespace sluice::dialect::openai

#endif  // SLUICE_SERVER_DIALECT_OPENAI_OPAQUE_PARTS_H_
