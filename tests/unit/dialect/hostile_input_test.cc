// What a broken or malicious upstream can send, in every dialect: each gives the right result or an error of a clear
// kind. That it costs no more than its length: hostile_time_test.cc.

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/each_dialect.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect {
namespace {

const std::string kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kDepth = 10'000;

class HostileInput : public testing::TestWithParam<Dialect> {
 protected:
  // The lines of an answer with these between its identity and its end.
  Lines Answered(const Lines& lines) const {
    Lines all = GetParam().before;
    all.insert(all.end(), lines.begin(), lines.end());
    all.insert(all.end(), GetParam().after.begin(), GetParam().after.end());
    return all;
  }
};

// In reads of up to 16 KiB, as from a socket.
Decoded Read(const Dialect& dialect, absl::string_view body, const DecodeLimits& limits = DecodeLimits()) {
  Recorder recorder;
  ReplyReader reader(FindCodec(dialect.name)->NewDecoder(Target(), limits), "text/event-stream", limits);
  for (size_t at = 0; at < body.size(); at += size_t{16} << 10) {
    reader.Feed(body.substr(at, size_t{16} << 10), recorder);
  }
  reader.Eof(recorder);
  EXPECT_TRUE(recorder.done());
  return {recorder.lines(), recorder.error()};
}
Decoded ReadEvents(const Dialect& dialect, const Events& events) { return Read(dialect, Stream(events)); }

std::string LastLine(const Dialect& dialect, const Events& events) { return ReadEvents(dialect, events).lines.back(); }

// The arguments of the only call, put together.
std::string Arguments(const Lines& lines) {
  std::string arguments;
  for (absl::string_view line : lines) {
    if (absl::ConsumePrefix(&line, "tool[0] #0 function t f ") ||
        absl::ConsumePrefix(&line, "tool[0] #0 function - - ")) {
      absl::StrAppend(&arguments, line);
    }
  }
  return arguments;
}

// Text of that many bytes, in which a piece that is lost, doubled or moved shows.
std::string LongText(size_t bytes) {
  std::string text;
  for (size_t i = 0; text.size() < bytes; ++i) absl::StrAppend(&text, i, " caf\xC3\xA9 ");
  text.resize(bytes, '.');
  while (static_cast<unsigned char>(text.back()) >= 0x80) text.back() = '.', text[text.size() - 2] = '.';
  return text;
}

Events Cut(const std::string& text, size_t pieces) {
  Events cut;
  const size_t size = text.size() / pieces;
  for (size_t i = 0; i < pieces; ++i) cut.push_back(text.substr(i * size, i + 1 < pieces ? size : std::string::npos));
  return cut;
}

// No EXPECT_EQ on a mebibyte: it would print both.

TEST_P(HostileInput, ATextOfOneMebibyteInOneEventArrivesWhole) {
  const std::string text = LongText(kMebibyte);
  const Lines lines = ReadEvents(GetParam(), Answer(GetParam(), {GetParam().text(text)})).lines;
  EXPECT_TRUE(lines == Answered({"text[0] " + text})) << lines.size() << lines.back();
}

TEST_P(HostileInput, AnArgumentOfOneMebibyteInOneEventArrivesWhole) {
  const std::string value = absl::StrCat(R"({"s":")", LongText(kMebibyte), R"("})");
  const Lines lines = ReadEvents(GetParam(), Answer(GetParam(), {GetParam().call_with_value(value)})).lines;
  EXPECT_TRUE(Arguments(lines) == value) << lines.size();
  EXPECT_EQ(lines.back(), "done");
}

TEST_P(HostileInput, AnArgumentOfOneMebibyteIn64PiecesArrivesWhole) {
  const std::string text(kMebibyte, 'x');
  for (const size_t pieces : {1, 64}) {
    const Lines lines = ReadEvents(GetParam(), Answer(GetParam(), GetParam().call(Cut(text, pieces)))).lines;
    EXPECT_TRUE(Arguments(lines) == (GetParam().is_gemini() ? absl::StrCat(R"({"s":")", text, R"("})") : text))
        << pieces;
    EXPECT_EQ(lines.back(), "done");
  }
}

TEST_P(HostileInput, JsonNested10000DeepWhereNobodyReadsItIsMalformed) {
  const std::string text = GetParam().text("b");
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair(R"({"a":)", "}")}) {
    std::string deep, end;
    for (size_t i = 0; i < kDepth; ++i) absl::StrAppend(&deep, open), absl::StrAppend(&end, close);
    const std::string whole = absl::StrCat(R"({"x":)", deep, "1", end, ",", text.substr(1));
    for (const std::string& event : {whole, deep, absl::StrCat(deep, "1", end)}) {
      const Decoded decoded = ReadEvents(GetParam(), {GetParam().text("a"), event, GetParam().text("c")});
      EXPECT_EQ(decoded.lines, (Lines{GetParam().before[0], "text[0] a", "done malformed"})) << open;
    }
  }
}

TEST_P(HostileInput, ArgumentsNested10000DeepAreTextOrMalformed) {
  const std::string deep = std::string(kDepth, '[') + std::string(kDepth, ']');
  EXPECT_EQ(LastLine(GetParam(), Answer(GetParam(), {GetParam().call_with_value(absl::StrCat(R"({"a":)", deep, "}"))})),
            "done malformed");
  // In a string nobody reads them.
  EXPECT_EQ(Arguments(ReadEvents(GetParam(), Answer(GetParam(), GetParam().call({deep}))).lines),
            GetParam().is_gemini() ? absl::StrCat(R"({"s":")", deep, R"("})") : deep);
}

TEST_P(HostileInput, LoneSurrogateEscapesAreReplaced) {
  for (const char* escapes : {R"(\ud83d)", R"(\ude00)", R"(\udbff)", R"(\udc00)", R"(\uDFFF)"}) {
    const Lines lines =
        ReadEvents(GetParam(), Answer(GetParam(), {GetParam().text(absl::StrCat("a", escapes, "z"))})).lines;
    EXPECT_EQ(lines, Answered({"text[0] a" + kReplacement + "z"})) << escapes;
  }
  std::string many, replaced;
  for (size_t i = 0; i < 50'000; ++i) absl::StrAppend(&many, R"(\ude00)"), absl::StrAppend(&replaced, kReplacement);
  const Lines lines = ReadEvents(GetParam(), Answer(GetParam(), {GetParam().text(many)})).lines;
  EXPECT_TRUE(lines == Answered({"text[0] " + replaced})) << lines.size();
}

TEST_P(HostileInput, ASurrogatePairInTwoPiecesIsOneCharacter) {
  const std::string grin = "\xF0\x9F\x98\x80";
  EXPECT_EQ(
      ReadEvents(GetParam(), Answer(GetParam(), {GetParam().text(R"(a\ud83d)"), GetParam().text(R"(\ude00z)")})).lines,
      Answered({"text[0] a", "text[0] " + grin + "z"}));
  EXPECT_EQ(Arguments(ReadEvents(GetParam(), Answer(GetParam(), GetParam().call({R"(a\ud83d)", R"(\ude00z)"}))).lines),
            GetParam().is_gemini() ? absl::StrCat(R"({"s":"a)", grin, R"(z"})") : absl::StrCat("a", grin, "z"));
}

TEST_P(HostileInput, BytesThatAreNoUtf8AreReplaced) {
  // One U+FFFD for each longest beginning of a character (Unicode 15, 3.9): an overlong form, a surrogate and a
  // character beyond the last are none from their second byte on.
  for (const auto& [bytes, count] : {std::pair("\xFF", 1),
                                     {"\x80", 1},
                                     {"\xC0\xAF", 2},
                                     {"\xE2\x82", 1},
                                     {"\xED\xA0\x80", 3},
                                     {"\xF0\x9F\x98", 1},
                                     {"\xF4\x90\x80\x80", 4}}) {
    std::string replaced;
    for (int i = 0; i < count; ++i) absl::StrAppend(&replaced, kReplacement);
    EXPECT_EQ(ReadEvents(GetParam(), Answer(GetParam(), {GetParam().text(absl::StrCat("a", bytes, "z"))})).lines,
              Answered({"text[0] a" + replaced + "z"}));
    EXPECT_EQ(Arguments(ReadEvents(GetParam(), Answer(GetParam(), {GetParam().call_with_value(
                                                                      absl::StrCat(R"({"s":")", bytes, R"("})"))}))
                            .lines),
              absl::StrCat(R"({"s":")", replaced, R"("})"));
  }
  // Within JSON but outside its strings, and in an error's message.
  EXPECT_EQ(LastLine(GetParam(), {"{\xFF}"}), "done malformed");
  EXPECT_EQ(ReadEvents(GetParam(), {"{\"error\":\"a\xFF\"}"}).error.provider_message, "a" + kReplacement);
}

const char* const kNoIndexes[] = {"2147483648", "9223372036854775808", "1e300", "-1", "1.5", "1e999"};

// The index of a choice, call, block or candidate, each for the dialects that have one.

TEST(HostileIndexTest, AChoiceOrCandidateIsIgnored) {
  for (const char* index : kNoIndexes) {
    EXPECT_EQ(DecodeOpenAi(Stream({absl::StrCat(R"({"choices":[{"index":)", index,
                                                R"(,"delta":{"content":"x"}},{"delta":{"content":"a"}}]})"),
                                   "[DONE]"}))
                  .lines,
              (Lines{"identity - -", "text[0] a", "done"}))
        << index;
    EXPECT_EQ(gemini::DecodeGemini(
                  Stream({absl::StrCat(R"({"candidates":[{"index":)", index,
                                       R"(,"content":{"parts":[{"text":"x"}]}},{"finishReason":"STOP"}]})")}))
                  .lines,
              (Lines{"identity - -", "finished[0] stop STOP", "done"}))
        << index;
  }
}

TEST(HostileIndexTest, ACallOrBlockIsMalformed) {
  for (const char* index : kNoIndexes) {
    const std::string call = absl::StrCat(R"({"tool_calls":[{"index":)", index, R"(,"id":"t","function":{}}]})");
    EXPECT_EQ(DecodeOpenAi(Stream({Chunk(call), "[DONE]"})).lines, Lines{"done malformed"}) << index;
    for (const char* type : {"content_block_start", "content_block_delta", "content_block_stop"}) {
      const std::string event = absl::StrCat(R"({"type":")", type, R"(","index":)", index, "}");
      EXPECT_EQ(anthropic::Decode(Stream({event, anthropic::MessageStop()})).lines, Lines{"done malformed"}) << event;
    }
  }
}

TEST(HostileIndexTest, APlaceWithinPartialArgumentsIsMalformed) {
  for (const char* index : kNoIndexes) {
    const std::string call = absl::StrCat(R"({"functionCall":{"id":"t","name":"f","partialArgs":[{"jsonPath":"$.a[)",
                                          index, R"(]","numberValue":1}]}})");
    EXPECT_EQ(gemini::DecodeGemini(Stream({gemini::PartsChunk(call), gemini::EndChunk()})).lines,
              (Lines{"identity r m", "tool[0] #0 function t f ", "done malformed"}))
        << index;
  }
  std::string path = "$";
  for (size_t i = 0; i < kDepth; ++i) absl::StrAppend(&path, ".a");
  const std::string call = absl::StrCat(R"({"functionCall":{"id":"t","name":"f","partialArgs":[{"jsonPath":")", path,
                                        R"(","numberValue":1}]}})");
  const auto decoder = FindCodec("gemini")->NewDecoder(Target(), DecodeLimits());
  Recorder sink;
  decoder->OnEvent({"message", gemini::PartsChunk(call), ""}, sink);
  EXPECT_EQ(sink.lines().back(), "done malformed");
}

TEST_P(HostileInput, WhatIsAboveTheLimitIsTooLarge) {
  DecodeLimits limits;
  limits.max_event_bytes = size_t{64} << 10;
  const std::string before = Stream({GetParam().text("a")});
  const std::string much(limits.max_event_bytes, 'x');
  std::string lines = "data: 1";
  for (size_t i = 0; i <= limits.max_event_bytes; ++i) absl::StrAppend(&lines, "\ndata:");
  for (const std::string& body :
       {Stream({GetParam().text(much)}), "data: " + much, "event: " + much, lines, lines + "\n\n"}) {
    const Decoded decoded = Read(GetParam(), before + body, limits);
    EXPECT_EQ(decoded.lines, (Lines{GetParam().before[0], "text[0] a", "done too_large"}));
    EXPECT_EQ(decoded.error.limit, "limits.event_bytes");
  }
  // A body that is one JSON document has the same limit.
  const Decoded decoded = Read(GetParam(), GetParam().text(much), limits);
  EXPECT_EQ(decoded.lines, Lines{"done too_large"});
  EXPECT_EQ(decoded.error.limit, "limits.event_bytes");
  // Comments and lines that mean nothing take no room.
  EXPECT_EQ(Read(GetParam(), absl::StrCat(before, ":", much, much, "\n\n", much, much, "\n\n"), limits).lines,
            (Lines{GetParam().before[0], "text[0] a", "done truncated"}));
}

INSTANTIATE_TEST_SUITE_P(EachDialect, HostileInput, testing::ValuesIn(EachDialect()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace sluice::dialect
