#include <gtest/gtest.h>

#include "server/dialect/anthropic/citation.h"
#include "tests/unit/dialect/recorder.h"

namespace sluice::dialect::anthropic {
namespace {

// The lines after the identity.
Lines Emitted(absl::string_view citation) {
  json::Tape tape;
  EXPECT_EQ(tape.Parse(citation), json::Tape::Result::kOk);
  AnswerIdentity identity;
  Recorder sink;
  Emitter out(identity, sink);
  EmitCitation(tape.root(), out);
  Lines lines = sink.lines();
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

TEST(AnthropicCitation, ASourceGoesUnderTheNameThatItsKindHas) {
  EXPECT_EQ(Emitted(R"({"type":"web_search_result_location","url":"https://a.test/","title":"A","cited_text":"c"})"),
            Lines{"annotation[0] web_search_result_location https://a.test/ A --- c"});
  EXPECT_EQ(Emitted(R"({"type":"search_result_location","source":"s","title":null})"),
            Lines{"annotation[0] search_result_location s - --- -"});
  EXPECT_EQ(Emitted(R"({"type":"char_location","document_title":"D","cited_text":"c"})"),
            Lines{"annotation[0] char_location - D --- c"});
}

TEST(AnthropicCitation, PlacesInTheSourceAreNoPlacesInTheAnswer) {
  EXPECT_EQ(Emitted(R"({"type":"char_location","start_char_index":3,"end_char_index":9,"start_index":3})"),
            Lines{"annotation[0] char_location - - --- -"});
}

TEST(AnthropicCitation, WhatSaysNothingIsNone) {
  for (const char* citation : {"null", "{}", "[]", "\"a\"", "1"}) EXPECT_EQ(Emitted(citation), Lines{}) << citation;
}

}  // namespace
}  // namespace sluice::dialect::anthropic
