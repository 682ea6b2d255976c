// The sixteen decisions on how a provider's stream is read, in every dialect: 12 Unicode, 13 limits, 14 names, 15 that
// the cuts between reads do not matter. And 16, that usage is asked for.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "server/dialect/reply_reader.h"
#include "tests/unit/dialect/anthropic_stream.h"
#include "tests/unit/dialect/each_dialect.h"
#include "tests/unit/dialect/gemini_harness.h"

namespace sluice::dialect {
namespace {

using anthropic::BlockPiece;
using anthropic::BlockStart;
using anthropic::BlockStop;
using anthropic::MessageStart;
using anthropic::MessageStop;
using gemini::EndChunk;
using gemini::PartsChunk;
using testing::HasSubstr;
using testing::Not;

const std::string kReplacement = "\xEF\xBF\xBD";  // U+FFFD
const std::string kGrin = "\xF0\x9F\x98\x80";     // U+1F600, of which \ud83d and \ude00 are the halves

// 12. What goes out is valid UTF-8. Invalid bytes and halves of surrogate pairs become U+FFFD, but a first half waits
// for the next delta of its field. U+0000 is text.

TEST(Decision12Unicode, WhatIsNoUtf8OrHalfAPairIsReplaced) {
  for (const auto& [sent, got] : {std::pair<std::string, std::string>("a\xFFz", "a" + kReplacement + "z"),
                                  {"a\xE2\x82z", "a" + kReplacement + "z"},
                                  {"\xC0\xAF", kReplacement + kReplacement},
                                  {"\xED\xA0\x80", kReplacement + kReplacement + kReplacement},
                                  {R"(\ude00z)", kReplacement + "z"},
                                  {R"(a\ud83dz)", "a" + kReplacement + "z"},
                                  {R"(\ude00\ud83d.)", kReplacement + kReplacement + "."},
                                  {R"(\ud83d\ude00)", kGrin},
                                  {R"(\uD83D\uDE00)", kGrin}}) {
    EXPECT_EQ(OpenAi({OpenAiText(sent), "[DONE]"}), (Lines{"identity c1 m", "text[0] " + got, "done"})) << sent;
    EXPECT_EQ(Anthropic({AnthropicText(sent), MessageStop()}), (Lines{"identity - -", "text[0] " + got, "done"}))
        << sent;
    EXPECT_EQ(Gemini({GeminiText(sent), EndChunk()}),
              (Lines{"identity r m", "text[0] " + got, "finished[0] stop STOP", "done"}))
        << sent;
  }
}

TEST(Decision12Unicode, AFirstHalfWaitsForTheNextDeltaOfItsField) {
  EXPECT_EQ(OpenAi({Chunk(R"({"content":"a\ud83d","reasoning":"b\ud83d"})"),
                    R"({"choices":[{"index":1,"delta":{"content":"\ude00c"}}]})", Chunk(R"({"reasoning":"\ude00"})"),
                    Chunk(R"({"content":""})"), Chunk(R"({"content":"\ude00"})"), "[DONE]"}),
            (Lines{"identity c1 m", "reasoning[0] b", "text[0] a", "text[1] " + kReplacement + "c",
                   "reasoning[0] " + kGrin, "text[0] " + kGrin, "done"}));
  EXPECT_EQ(
      Anthropic({BlockStart(0, R"({"type":"thinking","thinking":"b\ud83d"})"),
                 BlockStart(1, R"({"type":"text","text":"a\ud83d"})"),
                 BlockPiece(0, R"({"type":"thinking_delta","thinking":"\ude00"})"), BlockStop(0),
                 BlockPiece(1, R"({"type":"text_delta","text":""})"),
                 BlockPiece(1, R"({"type":"text_delta","text":"\ude00"})"), BlockStop(1), MessageStop()}),
      (Lines{"identity - -", "reasoning[0] b", "text[0] a", "reasoning[0] " + kGrin, "text[0] " + kGrin, "done"}));
  EXPECT_EQ(
      Gemini({PartsChunk(R"({"text":"b\ud83d","thought":true},{"text":"a\ud83d"})"),
              R"({"candidates":[{"index":1,"content":{"parts":[{"text":"\ude00c"}]},"finishReason":"STOP"}]})",
              PartsChunk(R"({"text":"\ude00","thought":true},{"text":""},{"text":"\ude00"})"), EndChunk()}),
      (Lines{"identity r m", "reasoning[0] b", "text[0] a", "text[1] " + kReplacement + "c", "reasoning[0] " + kGrin,
             "text[0] " + kGrin, "finished[0] stop STOP", "finished[1] stop STOP", "done"}));
}

TEST(Decision12Unicode, InArgumentsItWaitsForTheNextPieceOfItsCall) {
  EXPECT_EQ(OpenAi({Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"\ud83d"}},)"
                          R"({"index":1,"id":"b","function":{"name":"g","arguments":"\ude00"}}]})"),
                    Chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"\ude00"}}]})"), "[DONE]"}),
            (Lines{"identity c1 m", "tool[0] #0 function a f ", "tool[0] #1 function b g " + kReplacement,
                   "tool[0] #0 function - - " + kGrin, "done"}));
  const auto input = [](int index, absl::string_view half) {
    return BlockPiece(index, absl::StrCat(R"({"type":"input_json_delta","partial_json":")", half, R"("})"));
  };
  EXPECT_EQ(Anthropic({BlockStart(0, R"({"type":"tool_use","id":"a","name":"f"})"),
                       BlockStart(1, R"({"type":"tool_use","id":"b","name":"g"})"), input(0, R"(\ud83d)"),
                       input(1, R"(\ude00)"), input(0, R"(\ude00)"), MessageStop()}),
            (Lines{"identity - -", "tool[0] #0 function a f ", "tool[0] #1 function b g ",
                   "tool[0] #1 function - - " + kReplacement, "tool[0] #0 function - - " + kGrin, "done"}));
  const auto piece = [](absl::string_view half) {
    return absl::StrCat(R"({"functionCall":{"partialArgs":[{"jsonPath":"$.x","stringValue":")", half,
                        R"("}],"willContinue":true}})");
  };
  EXPECT_EQ(Gemini({PartsChunk(R"({"functionCall":{"id":"a","name":"f","willContinue":true}})"),
                    PartsChunk(piece(R"(\ud83d)")), PartsChunk(piece(R"(\ude00)")), EndChunk()}),
            (Lines{"identity r m", "tool[0] #0 function a f ", "tool[0] #0 function - - {\"x\":\"" + kGrin + "\"}",
                   "finished[0] tool_calls STOP", "done"}));
}

TEST(Decision12Unicode, AHalfWhoseOtherNeverComesIsReplacedAtTheEnd) {
  EXPECT_EQ(OpenAi({OpenAiText(R"(a\ud83d)"), FinishChunk("stop"), "[DONE]"}),
            (Lines{"identity c1 m", "text[0] a", "text[0] " + kReplacement, "finished[0] stop stop", "done"}));
  EXPECT_EQ(Anthropic({AnthropicText(R"(a\ud83d)"), BlockStop(0), MessageStop()}),
            (Lines{"identity - -", "text[0] a", "text[0] " + kReplacement, "done"}));
  EXPECT_EQ(Gemini({GeminiText(R"(a\ud83d)"), EndChunk()}),
            (Lines{"identity r m", "text[0] a", "text[0] " + kReplacement, "finished[0] stop STOP", "done"}));
}

TEST(Decision12Unicode, ZeroIsText) {
  const std::string text("text[0] a\0b", 11);
  EXPECT_EQ(OpenAi({OpenAiText(R"(a\u0000b)"), "[DONE]"})[1], text);
  EXPECT_EQ(Anthropic({AnthropicText(R"(a\u0000b)"), MessageStop()})[1], text);
  EXPECT_EQ(Gemini({GeminiText(R"(a\u0000b)"), EndChunk()})[1], text);
}

// 13. Lines of 8 MiB are read by default, longer ones than configured are too large. JSON as deep as 512 is read,
// deeper is malformed. Of members that come twice the last counts.

Decoded ReadWhole(absl::string_view codec, absl::string_view body, const DecodeLimits& limits) {
  Recorder recorder;
  ReplyReader reader(FindCodec(codec)->NewDecoder(Target(), limits), "text/event-stream", limits);
  reader.Feed(body, recorder);
  reader.Eof(recorder);
  return {recorder.lines(), recorder.error()};
}

TEST(Decision13Limits, ALineOfEightMebibytesIsReadByDefault) {
  constexpr size_t kLine = size_t{8} << 20;
  for (const Dialect& dialect : EachDialect()) {
    const std::string text(kLine - 6 - dialect.text("").size(), 'x');  // 6: "data: "
    const std::string body = Stream({dialect.text(text)});
    ASSERT_EQ(body.size(), kLine + 2);
    const Lines lines = ReadWhole(dialect.name, body, DecodeLimits()).lines;
    ASSERT_EQ(lines.size(), 3u) << dialect.name;
    EXPECT_TRUE(lines[1] == "text[0] " + text) << dialect.name;
    EXPECT_EQ(lines[2], "done truncated") << dialect.name;
  }
}

TEST(Decision13Limits, ALongerLineThanConfiguredIsTooLarge) {
  for (const Dialect& dialect : EachDialect()) {
    const std::string first = Stream({dialect.text("a")});
    DecodeLimits limits;
    limits.max_event_bytes = first.size() - 2;
    const Decoded decoded = ReadWhole(dialect.name, first + Stream({dialect.text("abc")}), limits);
    ASSERT_EQ(decoded.lines.size(), 3u) << dialect.name;
    EXPECT_EQ(decoded.lines[1], "text[0] a") << dialect.name;
    EXPECT_EQ(decoded.lines[2], "done too_large") << dialect.name;
    EXPECT_EQ(decoded.error.limit, "limits.event_bytes") << dialect.name;
  }
}

// The same event with one more member, whose value is nested so deep.
std::string WithDeepMember(const std::string& event, size_t depth) {
  return absl::StrCat(event.substr(0, event.size() - 1), R"(,"x":)", std::string(depth, '['), std::string(depth, ']'),
                      "}");
}

TEST(Decision13Limits, JsonIsReadDownToABoundAndIsMalformedBelow) {
  for (const Dialect& dialect : EachDialect()) {
    const auto last_two = [&](size_t depth) {
      const Lines lines =
          ReadWhole(dialect.name, Stream({dialect.text("a"), WithDeepMember(dialect.text("b"), depth)}), DecodeLimits())
              .lines;
      return Lines(lines.end() - 2, lines.end());
    };
    EXPECT_EQ(last_two(511), (Lines{"text[0] b", "done truncated"})) << dialect.name;
    EXPECT_EQ(last_two(512), (Lines{"text[0] a", "done malformed"})) << dialect.name;
    EXPECT_EQ(last_two(100'000), (Lines{"text[0] a", "done malformed"})) << dialect.name;
  }
}

TEST(Decision13Limits, OfMembersThatComeTwiceTheLastCounts) {
  EXPECT_EQ(OpenAi({Chunk(R"({"content":"no","content":"a"})", R"(,"finish_reason":"length","finish_reason":"stop")")}),
            (Lines{"identity c1 m", "text[0] a", "finished[0] stop stop", "done"}));
  EXPECT_EQ(Anthropic({BlockPiece(0, R"({"type":"text_delta","text":"no","text":"a"})"),
                       R"({"type":"message_delta","delta":{"stop_reason":"refusal","stop_reason":"end_turn"}})"}),
            (Lines{"identity - -", "text[0] a", "finished[0] stop end_turn", "done"}));
  EXPECT_EQ(Gemini({PartsChunk(R"({"text":"no","text":"a"})", R"(,"finishReason":"SAFETY","finishReason":"STOP")")}),
            (Lines{"identity r m", "text[0] a", "finished[0] stop STOP", "done"}));
}

// 14. The first id and the first model that say something count; neither has to come.

TEST(Decision14Names, TheFirstThatSaysSomethingCounts) {
  EXPECT_EQ(OpenAi({R"({"id":"","model":"","choices":[]})", R"({"id":"a","model":null,"choices":[]})",
                    R"({"id":"b","model":"m1","choices":[]})",
                    R"({"id":"c","model":"m2","choices":[{"delta":{"content":"x"}}]})", "[DONE]"}),
            (Lines{"identity a m1", "text[0] x", "done"}));
  const auto start = [](absl::string_view id, absl::string_view model) {
    return absl::StrCat(R"({"type":"message_start","message":{"id":")", id, R"(","model":")", model, R"("}})");
  };
  EXPECT_EQ(
      Anthropic({start("", ""), start("a", ""), start("a", "m1"), start("", "m2"), AnthropicText("x"), MessageStop()}),
      (Lines{"identity a m1", "text[0] x", "done"}));
  EXPECT_EQ(Gemini({R"({"responseId":"","modelVersion":""})", R"({"responseId":"a","modelVersion":null})",
                    R"({"responseId":"b","modelVersion":"m1"})", GeminiText("x"), EndChunk()}),
            (Lines{"identity a m1", "text[0] x", "finished[0] stop STOP", "done"}));
}

TEST(Decision14Names, NeitherHasToCome) {
  EXPECT_EQ(OpenAi({R"({"choices":[{"delta":{"content":"x"}}]})", R"({"id":"late","choices":[]})", "[DONE]"}),
            (Lines{"identity - -", "text[0] x", "done"}));
  EXPECT_EQ(Anthropic({AnthropicText("x"), MessageStop()}), (Lines{"identity - -", "text[0] x", "done"}));
  EXPECT_EQ(Gemini({R"({"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]})"}),
            (Lines{"identity - -", "text[0] x", "finished[0] stop STOP", "done"}));
}

// 15. How the bytes are cut into reads changes nothing. Every stream above is read in many cuts; these have all in them
// that a cut could break.

TEST(Decision15Identity, NoCutChangesAnything) {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string comment = ": caf\xC3\xA9\r\n\r\n";
  const auto any_line_end = [&](const std::string& body) {
    return mark + comment + absl::StrReplaceAll(body, {{"\n\ndata", "\r\rdata"}, {"\n\nevent", "\r\n\r\nevent"}});
  };
  const std::string text = "caf\xC3\xA9 \xFF " + kGrin + R"( \ud83d)";
  const std::string read = "text[0] caf\xC3\xA9 " + kReplacement + " " + kGrin + " ";
  const std::string last = "text[0] " + kGrin + "\r\n[DONE]";
  const std::string rest = R"(\ude00\r\n[DONE])";
  EXPECT_EQ(
      ReadOpenAi(any_line_end(Stream({OpenAiText(text), OpenAiText(rest),
                                      Chunk(R"({"tool_calls":[{"index":0,"function":{"name":"f","arguments":"1"}}]})"),
                                      FinishChunk("stop"), R"({"choices":[],"usage":{"total_tokens":7}})", "[DONE]"})))
          .lines,
      (Lines{"identity c1 m", read, last, "tool[0] #0 function " + gemini::MadeUpId(1) + " f 1",
             "finished[0] stop stop", "usage -/-/7", "done"}));
  EXPECT_EQ(
      ReadAnthropic(any_line_end(anthropic::Events({MessageStart(), AnthropicText(text), AnthropicText(rest),
                                                    BlockStop(0), BlockStart(1, R"({"type":"tool_use","name":"f"})"),
                                                    BlockStop(1), anthropic::MessageEnd("tool_use"), MessageStop()})))
          .lines,
      (Lines{"identity msg_1 m", read, last, "tool[0] #0 function " + gemini::MadeUpId(1) + " f ",
             "tool[0] #0 function - - {}", "finished[0] tool_calls tool_use", "usage 12/7/19", "done"}));
  EXPECT_EQ(ReadGemini(any_line_end(gemini::GeminiStream({GeminiText(text), GeminiText(rest)}) +
                                    PartsChunk(R"({"functionCall":{"name":"f"}})") + "\r\n" +
                                    gemini::GeminiStream({EndChunk(), R"({"usageMetadata":{"totalTokenCount":7}})"})))
                .lines,
            (Lines{"identity r m", read, last, "tool[0] #0 function " + gemini::MadeUpId(1) + " f {}",
                   "finished[0] tool_calls STOP", "usage -/-/7", "done"}));
}

// 16. Upstreams are always asked for usage, unless they refuse to be asked. That a caller who wants none gets none is
// the exchange's part.

std::string BodyFor(absl::string_view codec, const Target& target, bool wanted) {
  chat::Request request = gemini::UserSays("Hi");
  request.max_tokens = 5;
  request.include_usage = wanted;
  return FindCodec(codec)->EncodeChat(request, target).body;
}

TEST(Decision16AskUsage, UsageIsAskedForWhateverTheCallerWants) {
  for (const bool wanted : {true, false}) {
    EXPECT_THAT(BodyFor("openai", Target(), wanted), HasSubstr(R"("stream_options":{"include_usage":true})"));
  }
}

TEST(Decision16AskUsage, NotWhereTheUpstreamRefusesToBeAsked) {
  Target target;
  target.ask_usage = false;
  EXPECT_THAT(BodyFor("openai", target, true), Not(HasSubstr("stream_options")));
}

TEST(Decision16AskUsage, TheOthersCountUnasked) {
  for (const char* codec : {"anthropic", "gemini"}) {
    for (const char* word : {"usage", "stream_options"}) {
      EXPECT_THAT(BodyFor(codec, Target(), true), Not(HasSubstr(word))) << codec;
    }
  }
}

}  // namespace
}  // namespace sluice::dialect
