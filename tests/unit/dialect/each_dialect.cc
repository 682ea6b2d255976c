#include "tests/unit/dialect/each_dialect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect {
namespace {

const char kType[] = "text/event-stream";

// A codec's decoder makes ids up at random, the others count them.
Lines WithoutMadeUpIds(Lines lines) {
  constexpr size_t kDigits = 32;
  for (std::string& line : lines) {
    for (size_t at = line.find("call_"); at != std::string::npos; at = line.find("call_", at + 1)) {
      const size_t end = line.find_first_not_of("0123456789abcdef", at + 5);
      if (std::min(end, line.size()) - at - 5 == kDigits) line.replace(at + 5, kDigits, "?");
    }
  }
  return lines;
}

Lines ReadInPieces(const char* codec, absl::string_view body, size_t longest, std::mt19937& random) {
  Recorder recorder;
  ReplyReader reader(FindCodec(codec)->NewDecoder(Target(), DecodeLimits()), kType, DecodeLimits());
  while (!body.empty()) {
    const size_t size = random() % (longest + 1);  // a read of nothing is one, too
    reader.Feed(std::string(body.substr(0, size)), recorder);
    body.remove_prefix(std::min(size, body.size()));
  }
  reader.Eof(recorder);
  EXPECT_TRUE(recorder.done());
  return recorder.lines();
}

Decoded WithRandomPieces(const char* codec, absl::string_view body, Decoded decoded) {
  std::mt19937 random(17);
  const Lines expected = WithoutMadeUpIds(decoded.lines);
  for (const size_t longest : {2, 5, 11, 40, 200, 1000}) {
    EXPECT_EQ(WithoutMadeUpIds(ReadInPieces(codec, body, longest, random)), expected)
        << codec << " in pieces of at most " << longest << ": " << body;
  }
  return decoded;
}

std::string OpenAiCallWithValue(absl::string_view value) {
  return Chunk(
      absl::StrCat(R"({"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":)", value, "}}]}"));
}

Events OpenAiCall(const Events& pieces) {
  Events events = {OpenAiCallWithValue("\"\"")};
  for (const std::string& piece : pieces) {
    events.push_back(Chunk(absl::StrCat(R"({"tool_calls":[{"index":0,"function":{"arguments":")", piece, R"("}}]})")));
  }
  return events;
}

std::string AnthropicCallWithValue(absl::string_view value) {
  return anthropic::BlockStart(1, absl::StrCat(R"({"type":"tool_use","id":"t","name":"f","input":)", value, "}"));
}

Events AnthropicCall(const Events& pieces) {
  Events events = {AnthropicCallWithValue("{}")};
  for (const std::string& piece : pieces) {
    events.push_back(
        anthropic::BlockPiece(1, absl::StrCat(R"({"type":"input_json_delta","partial_json":")", piece, R"("})")));
  }
  return events;
}

std::string GeminiCallWithValue(absl::string_view value) {
  return gemini::PartsChunk(absl::StrCat(R"({"functionCall":{"id":"t","name":"f","args":)", value, "}}"));
}

Events GeminiCall(const Events& pieces) {
  Events events = {gemini::PartsChunk(R"({"functionCall":{"id":"t","name":"f","willContinue":true}})")};
  for (const std::string& piece : pieces) {
    events.push_back(
        gemini::PartsChunk(absl::StrCat(R"({"functionCall":{"partialArgs":[{"jsonPath":"$.s","stringValue":")", piece,
                                        R"("}],"willContinue":true}})")));
  }
  events.push_back(gemini::PartsChunk(R"({"functionCall":{}})"));
  return events;
}

}  // namespace

Decoded ReadOpenAi(absl::string_view body) { return WithRandomPieces("openai", body, DecodeOpenAi(body, kType)); }

Decoded ReadAnthropic(absl::string_view body) {
  return WithRandomPieces("anthropic", body, anthropic::Decode(body, kType));
}

Decoded ReadGemini(absl::string_view body) {
  return WithRandomPieces("gemini", body, gemini::DecodeGemini(body, kType));
}

Lines OpenAi(const Events& events) { return ReadOpenAi(Stream(events)).lines; }
Lines Anthropic(const Events& events) { return ReadAnthropic(anthropic::Events(events)).lines; }
Lines Gemini(const Events& events) { return ReadGemini(gemini::GeminiStream(events)).lines; }

std::string OpenAiText(absl::string_view json) { return Chunk(absl::StrCat(R"({"content":")", json, R"("})")); }

std::string AnthropicText(absl::string_view json) {
  return anthropic::BlockPiece(0, absl::StrCat(R"({"type":"text_delta","text":")", json, R"("})"));
}

std::string GeminiText(absl::string_view json) { return gemini::TextChunk(json); }

const std::vector<Dialect>& EachDialect() {
  static const auto& all = *new std::vector<Dialect>{
      {"openai",
       ReadOpenAi,
       OpenAiText,
       OpenAiCall,
       OpenAiCallWithValue,
       {FinishChunk("stop"), "[DONE]"},
       {"identity c1 m"},
       {"finished[0] stop stop", "done"}},
      {"anthropic",
       ReadAnthropic,
       AnthropicText,
       AnthropicCall,
       AnthropicCallWithValue,
       {anthropic::BlockStop(0), anthropic::BlockStop(1), anthropic::MessageEnd("end_turn"), anthropic::MessageStop()},
       {"identity - -"},
       {"finished[0] stop end_turn", "usage -/7/-", "done"}},
      {"gemini",
       ReadGemini,
       GeminiText,
       GeminiCall,
       GeminiCallWithValue,
       {gemini::EndChunk()},
       {"identity r m"},
       {"finished[0] stop STOP", "done"}}};
  return all;
}

void PrintTo(const Dialect& dialect, std::ostream* out) { *out << dialect.name; }

Events Answer(const Dialect& dialect, Events events) {
  events.insert(events.end(), dialect.end.begin(), dialect.end.end());
  return events;
}

}  // namespace sluice::dialect
