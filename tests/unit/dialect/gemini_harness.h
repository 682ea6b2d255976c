#ifndef SLUICE_TESTS_UNIT_DIALECT_GEMINI_HARNESS_H_
#define SLUICE_TESTS_UNIT_DIALECT_GEMINI_HARNESS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/chat/request.h"
#include "server/dialect/codec.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect::gemini {

// DecodeEachWay with Gemini's decoder; made-up call ids count from call_...01 for each run.
Decoded DecodeGemini(absl::string_view body, absl::string_view content_type = "text/event-stream");

// Data events with the line ends that Gemini sends: "data: X\r\n\r\n" for each.
std::string GeminiStream(const std::vector<std::string>& events);

// A chunk with candidate 0 and these parts (the elements of the array); `rest` is put in after the candidate's content.
std::string PartsChunk(absl::string_view parts, absl::string_view rest = "");
// The same with one text part.
std::string TextChunk(absl::string_view text, absl::string_view rest = "");
// A chunk without parts that finishes candidate 0.
std::string EndChunk(absl::string_view reason = "STOP");

// The made-up id of the nth call.
std::string MadeUpId(int nth);

chat::Request UserSays(std::string text);
// Fits the request, and gives back each misfit as "field policy|refuse|drop".
Lines FitLines(chat::Request& request, const Target& target = {});
// The body of the request once it has been fitted.
std::string FittedBody(chat::Request request, const Target& target = {});

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_TESTS_UNIT_DIALECT_GEMINI_HARNESS_H_
