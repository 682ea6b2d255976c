// Chunks like the one before take a short way: it must lead where the long way does.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/fake_id.h"
#include "server/dialect/openai/repeated_chunk.h"
#include "server/dialect/openai/stream_decoder.h"
#include "tests/unit/dialect/harness.h"

namespace sluice::dialect {
namespace {

// The same events with every other one's JSON begun by a blank, so that none is like the one before.
std::vector<std::string> Varied(std::vector<std::string> events) {
  for (size_t i = 0; i < events.size(); i += 2) {
    if (!events[i].empty() && events[i][0] == '{') events[i].insert(1, " ");
  }
  return events;
}

Lines DecodeWhole(const std::vector<std::string>& events) {
  FakeIdSource ids;
  Recorder recorder;
  openai::OpenAiDecoder decoder(DecodeLimits(), ids);
  for (const std::string& data : events) decoder.OnEvent({"message", data, ""}, recorder);
  decoder.OnEof(recorder);
  return recorder.lines();
}

void ExpectSameAsTheLongWay(const std::vector<std::string>& events) {
  EXPECT_EQ(DecodeOpenAi(Stream(events)).lines, DecodeOpenAi(Stream(Varied(events))).lines) << Stream(events);
}

std::string Text(const std::string& raw) { return Chunk(R"({"content":")" + raw + R"("})"); }

TEST(OpenAiRepeatedChunk, TextGoesTheSameWay) {
  ExpectSameAsTheLongWay(
      {Text("a"), Text("b"), Text(""), Text("c"), Text(R"(\n\"q\"\u00e9)"), Text("東京"), Text("d"), "[DONE]"});
}

TEST(OpenAiRepeatedChunk, HalvesOfACharacterAreJoined) {
  ExpectSameAsTheLongWay({Text("a"), Text("b"), Text(R"(c\ud83d)"), Text(R"(\ude00d)"), Text("e"), "[DONE]"});
  ExpectSameAsTheLongWay({Text(R"(c\ud83d)"), Text("e"), Text(R"(\ud83d)"), Text("f"), Text("g"), "[DONE]"});
}

TEST(OpenAiRepeatedChunk, KindsAndChoicesTakeTurns) {
  const auto reasoning = [](const char* text) {
    return Chunk(absl::StrCat(R"({"reasoning_content":")", text, R"("})"));
  };
  const auto other = [](const char* text) {
    return absl::StrCat(R"({"id":"c1","model":"m","choices":[{"index":1,"delta":{"content":")", text, R"("}}]})");
  };
  ExpectSameAsTheLongWay({reasoning("r"), reasoning("s"), Text("a"), Text("b"), other("c"), other("d"), Text("e"),
                          reasoning("t"), Chunk(R"({"refusal":"no"})"), Chunk(R"({"refusal":"never"})"), "[DONE]"});
}

TEST(OpenAiRepeatedChunk, WhatSaysMoreThanTextIsReadInFull) {
  const std::string tool =
      Chunk(R"({"content":"x","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})");
  ExpectSameAsTheLongWay({Text("a"), tool, tool, Text("b"), "[DONE]"});
  const std::string usage = Chunk(R"({"content":"a"})", R"(,"usage":{"prompt_tokens":3,"completion_tokens":1})");
  ExpectSameAsTheLongWay({usage, usage, Text("b"), "[DONE]"});
  ExpectSameAsTheLongWay(
      {Chunk(R"({"content":"a","reasoning":"b"})"), Chunk(R"({"content":"c","reasoning":"d"})"), "[DONE]"});
  const std::string probs =
      R"({"id":"c","choices":[{"index":0,"delta":{"content":"x"},"logprobs":{"content":[{"token":"x","logprob":-1}]}}]})";
  ExpectSameAsTheLongWay({probs, probs, "[DONE]"});
  const std::string last = R"({"id":"c","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]})";
  ExpectSameAsTheLongWay({last, last, "[DONE]"});
}

TEST(OpenAiRepeatedChunk, PaddingMayVary) {
  const auto padded = [](const char* text, const char* pad) {
    return absl::StrCat(R"({"id":"c","choices":[{"index":0,"delta":{"content":")", text, R"("}}],"obfuscation":")", pad,
                        R"("})");
  };
  ExpectSameAsTheLongWay({padded("a", "xxxx"), padded("bc", "yy"), padded("", "zzzzzz"), padded("d", ""), "[DONE]"});
  ExpectSameAsTheLongWay({padded("a", "xxxx"), padded("b", R"(\n)"), padded("c", "x"), "[DONE]"});
  // What is no JSON ends the answer, wherever it stands.
  ExpectSameAsTheLongWay({padded("a", "xxxx"), padded("b", R"(\q)"), padded("c", "x"), "[DONE]"});
  const auto first = [](const char* pad, const char* text) {
    return absl::StrCat(R"({"obfuscation":")", pad, R"(","choices":[{"delta":{"content":")", text, R"("}}]})");
  };
  ExpectSameAsTheLongWay({first("xx", "a"), first("y", "b"), first("", "c"), "[DONE]"});
}

TEST(OpenAiRepeatedChunk, WhatIsNoJsonEndsTheAnswer) {
  for (const char* raw : {R"(\q)", R"(\u00)", "a\tb", R"(a"b)", "a\x01"})
    ExpectSameAsTheLongWay({Text("a"), Text("b"), Text(raw), Text("c"), "[DONE]"});
}

TEST(OpenAiRepeatedChunk, OfADuplicateMemberTheLastCounts) {
  const auto twice = [](const char* one, const char* two) {
    return Chunk(absl::StrCat(R"({"content":")", one, R"(","content":")", two, R"("})"));
  };
  ExpectSameAsTheLongWay({twice("a", "b"), twice("a", "c"), twice("d", "e"), "[DONE]"});
}

TEST(OpenAiRepeatedChunk, AnyMixtureOfChunksGoesTheSameWay) {
  const std::vector<std::string> kinds = {
      Text("a"),
      Text("bb"),
      Text(R"(\n)"),
      Text(R"(\ud83d)"),
      Text(R"(\ude00)"),
      Text(""),
      Chunk(R"({"reasoning_content":"r"})"),
      Chunk(R"({"reasoning_content":"r","content":"x"})"),
      Chunk(R"({"role":"assistant","content":"x"})"),
      Chunk(R"({"role":"assistant","content":"y"})"),
      R"({"id":"c","choices":[{"index":1,"delta":{"content":"x"}}]})",
      R"({"id":"c","choices":[{"index":1,"delta":{"content":"y"}}]})",
      R"({"id":"c","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]})",
      Chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"x"}}]})"),
      Chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"y"}}]})"),
      R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}})",
      "{}"};
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> events;
    for (size_t i = 0; i < 12; ++i)
      events.push_back(i > 0 && random() % 2 == 0 ? events.back() : kinds[random() % kinds.size()]);
    events.push_back("[DONE]");
    ASSERT_EQ(DecodeWhole(events), DecodeWhole(Varied(events))) << Stream(events);
  }
}

// The short way is taken at all: nothing above would notice if it never were.
TEST(OpenAiRepeatedChunk, MatchesTheChunkAfterTheOneItLearned) {
  FakeIdSource ids;
  openai::ChoiceDecoder choice(0, ids, /*split_think_tags=*/false);
  openai::RepeatedChunk repeated;
  json::Tape tape;
  const std::string first = Text("a");
  ASSERT_EQ(tape.Parse(first), json::Tape::Result::kOk);
  repeated.Learn(first, openai::ReadChunk(tape.root()), &choice);
  openai::RepeatedChunk::Found found;
  ASSERT_TRUE(repeated.Match(Text(R"(b\n)"), found));
  EXPECT_EQ(found.text, "b\n");
  EXPECT_EQ(found.choice, &choice);
  EXPECT_EQ(found.kind, chat::DeltaKind::kText);
  EXPECT_FALSE(repeated.Match(Chunk(R"({"reasoning":"b"})"), found));
  repeated.Forget();
  EXPECT_FALSE(repeated.Match(first, found));
}

}  // namespace
}  // namespace sluice::dialect
