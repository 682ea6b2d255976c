#ifndef SLUICE_TESTS_UNIT_DIALECT_EACH_DIALECT_H_
#define SLUICE_TESTS_UNIT_DIALECT_EACH_DIALECT_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {

// For tests that ask every dialect the same.

using Events = std::vector<std::string>;  // the data of a stream's events

// Each reads a body whole, byte by byte, cut in two at every place, and in pieces of random sizes through the decoder
// of the dialect's codec; requires the same events each time, and returns them. Made-up ids count from call_...01.
Decoded ReadOpenAi(absl::string_view body);
Decoded ReadAnthropic(absl::string_view body);
Decoded ReadGemini(absl::string_view body);

// What a stream of these events gives, as its dialect frames them.
Lines OpenAi(const Events& events);
Lines Anthropic(const Events& events);
Lines Gemini(const Events& events);

// An event with one piece of text, of choice 0; the text as JSON writes it, without the quotes.
std::string OpenAiText(absl::string_view json);
std::string AnthropicText(absl::string_view json);
std::string GeminiText(absl::string_view json);

// How a dialect says a few things.
struct Dialect {
  const char* name;
  Decoded (*read)(absl::string_view body);
  std::string (*text)(absl::string_view json);
  // A call of f with the id t, its arguments in these pieces, as JSON writes them without the quotes. Only strings
  // among Gemini's arguments come in pieces, so they are those of a member s.
  Events (*call)(const Events& pieces);
  // The same call, whose arguments are this JSON value instead of a text that holds it.
  std::string (*call_with_value)(absl::string_view value);
  Events end;    // of any answer that has none of its own
  Lines before;  // what an answer gives before the text or call
  Lines after;   // and what `end` gives

  bool is_gemini() const { return read == ReadGemini; }
};
const std::vector<Dialect>& EachDialect();
void PrintTo(const Dialect& dialect, std::ostream* out);

// The events, and the dialect's end after them.
Events Answer(const Dialect& dialect, Events events);

}  // namespace sluice::dialect

#endif  // SLUICE_TESTS_UNIT_DIALECT_EACH_DIALECT_H_
