#include "server/edge/grpc/delta_split.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/utf8.h"
#include "server/edge/grpc/event_to_proto.h"

namespace sluice::edge {
namespace {

std::vector<v1::Delta> Split(const chat::Delta& delta) {
  std::vector<v1::Delta> pieces;
  ForEachPiece(delta, [&](const chat::Delta& piece) { FillDelta(piece, &pieces.emplace_back()); });
  return pieces;
}

std::string Repeat(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(DeltaSplitTest, ADeltaThatFitsIsOnePiece) {
  const std::string text(kMaxPieceBytes, 'x');
  chat::Delta delta;
  delta.text = text;
  const auto pieces = Split(delta);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].text(), text);
}

TEST(DeltaSplitTest, AnEmptyDeltaIsOnePiece) {
  ASSERT_EQ(Split(chat::Delta()).size(), 1u);
  EXPECT_TRUE(Split(chat::Delta())[0].has_text());
}

// With characters of 2, 3 and 4 bytes, after 0 to 3 bytes, so that each place of a cut comes.
TEST(DeltaSplitTest, PiecesAreBelowAMebibyteCutBetweenCharactersAndJoinToTheSame) {
  for (const std::string character : {"\xD0\xB8", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (size_t offset = 0; offset < 4; ++offset) {
      const std::string text = std::string(offset, 'x') + Repeat(character, 900'000);
      for (const chat::DeltaKind kind : {chat::DeltaKind::kText, chat::DeltaKind::kReasoning}) {
        chat::Delta delta;
        delta.choice = 3;
        delta.kind = kind;
        delta.text = text;
        std::string joined;
        for (const v1::Delta& piece : Split(delta)) {
          const std::string& part = kind == chat::DeltaKind::kText ? piece.text() : piece.reasoning();
          EXPECT_EQ(piece.choice(), 3);
          EXPECT_TRUE(IsValidUtf8(part));
          v1::ChatResponse message;
          *message.mutable_delta() = piece;
          EXPECT_LE(message.ByteSizeLong(), size_t{1} << 20);
          joined += part;
        }
        EXPECT_TRUE(joined == text);
      }
    }
  }
}

TEST(DeltaSplitTest, AToolCallsNameComesOnce) {
  const std::string arguments(3 << 20, 'a');
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool = {2, chat::ToolKind::kCustom, "call_1", "add", arguments};
  const auto pieces = Split(delta);
  ASSERT_EQ(pieces.size(), 4u);
  std::string joined;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const v1::ToolCallDelta& call = pieces[i].tool_call();
    EXPECT_EQ(call.index(), 2);
    EXPECT_EQ(call.id(), i == 0 ? "call_1" : "");
    EXPECT_EQ(call.name(), i == 0 ? "add" : "");
    EXPECT_EQ(call.type(), i == 0 ? v1::TOOL_TYPE_CUSTOM : v1::TOOL_TYPE_UNSPECIFIED);
    joined += call.arguments();
  }
  EXPECT_TRUE(joined == arguments);
}

TEST(DeltaSplitTest, WhatIsOpaqueComesWhole) {
  const std::string data(3 << 20, '\xff');
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kOpaque;
  delta.text = data;
  const auto pieces = Split(delta);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_TRUE(pieces[0].opaque().data() == data);
}

TEST(DeltaSplitTest, LogprobsAndTranscriptsComeOnce) {
  const std::string long_text(2 << 20, 'a');
  const std::vector<chat::TokenLogprob> logprobs(3);
  chat::Delta text;
  text.text = long_text;
  text.logprobs = logprobs;
  int with = 0;
  for (const v1::Delta& piece : Split(text)) with += piece.logprobs_size();
  EXPECT_EQ(with, 3);

  chat::Delta audio;
  audio.kind = chat::DeltaKind::kAudio;
  audio.audio = {"a1", long_text, "spoken", std::nullopt};
  std::string data, transcript;
  for (const v1::Delta& piece : Split(audio)) {
    data += piece.audio().data();
    transcript += piece.audio().transcript();
  }
  EXPECT_TRUE(data == long_text);
  EXPECT_EQ(transcript, "spoken");
}

TEST(DeltaSplitTest, ALongTranscriptIsSplitBesideTheAudio) {
  const std::string data(1'500'000, 'A'), transcript = Repeat("\xD0\xB8", 1'200'000);
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kAudio;
  delta.audio.data = data;
  delta.audio.transcript = transcript;
  std::string joined_data, joined_transcript;
  for (const v1::Delta& piece : Split(delta)) {
    EXPECT_LE(piece.ByteSizeLong(), size_t{1} << 20);
    EXPECT_TRUE(IsValidUtf8(piece.audio().transcript()));
    joined_data += piece.audio().data();
    joined_transcript += piece.audio().transcript();
  }
  EXPECT_TRUE(joined_data == data);
  EXPECT_TRUE(joined_transcript == transcript);
}

TEST(DeltaSplitTest, ManyLogprobsAreSplitBetweenTokensAndKeepTheirOrder) {
  std::vector<chat::TokenLogprob> logprobs(30'000);
  for (size_t i = 0; i < logprobs.size(); ++i) {
    logprobs[i].token = std::to_string(i);
    logprobs[i].top.resize(3);
    for (auto& top : logprobs[i].top) top.token = "alternative";
  }
  chat::Delta delta;
  delta.text = "short";
  delta.logprobs = logprobs;
  std::string text;
  size_t next = 0;
  const auto pieces = Split(delta);
  EXPECT_GT(pieces.size(), 1u);
  for (const v1::Delta& piece : pieces) {
    EXPECT_LE(piece.ByteSizeLong(), size_t{1} << 20);
    text += piece.text();
    for (const auto& logprob : piece.logprobs()) EXPECT_EQ(logprob.token(), std::to_string(next++));
  }
  EXPECT_EQ(text, "short");
  EXPECT_EQ(next, logprobs.size());
}

TEST(DeltaSplitTest, OneLogprobThatNoMessageCouldHoldIsLeftOut) {
  std::vector<chat::TokenLogprob> logprobs(2);
  logprobs[0].token = std::string(2 << 20, 'x');
  logprobs[1].token = "y";
  chat::Delta delta;
  delta.logprobs = logprobs;
  const auto pieces = Split(delta);
  ASSERT_EQ(pieces.size(), 1u);
  ASSERT_EQ(pieces[0].logprobs_size(), 1);
  EXPECT_EQ(pieces[0].logprobs(0).token(), "y");
}

}  // namespace
}  // namespace sluice::edge
