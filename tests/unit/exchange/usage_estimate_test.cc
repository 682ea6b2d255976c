#include "server/exchange/usage_estimate.h"

#include <functional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/chat/messages.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(UsageEstimateTest, AFourthOfTheBytesAndThreeAMessage) {
  chat::Request request;
  request.messages.push_back(chat::Say(chat::Role::kSystem, {"abcd", "efgh"}, ""));
  request.messages.push_back(chat::Say(chat::Role::kUser, {"i"}, ""));
  EXPECT_EQ(EstimatePromptTokens(request), 3 + 6);
  const chat::Usage usage = EstimateUsage(9, 5);
  EXPECT_TRUE(usage.estimated);
  EXPECT_EQ(usage.prompt_tokens, 9);
  EXPECT_EQ(usage.completion_tokens, 2);
  EXPECT_EQ(usage.total_tokens, 11);
  EXPECT_EQ(EstimateUsage(9, 0).completion_tokens, 0);
}

TEST(UsageEstimateTest, TextReasoningRefusalsAndToolCallsAreOutputAudioIsNot) {
  chat::Delta delta;
  delta.text = "12345";
  for (const auto kind : {chat::DeltaKind::kText, chat::DeltaKind::kReasoning, chat::DeltaKind::kRefusal}) {
    delta.kind = kind;
    EXPECT_EQ(OutputBytes(delta), 5u);
  }
  chat::Delta tool;
  tool.kind = chat::DeltaKind::kToolCall;
  tool.tool.name = "add";
  tool.tool.arguments = "{}";
  EXPECT_EQ(OutputBytes(tool), 5u);
  chat::Delta audio;
  audio.kind = chat::DeltaKind::kAudio;
  audio.audio.data = "AAAA";
  EXPECT_EQ(OutputBytes(audio), 0u);
}

// "hi" and one message are 4 tokens.
class EarlyEndTest : public World {
 protected:
  static chat::Error Of(chat::ErrorKind kind) {
    chat::Error error;
    error.kind = kind;
    return error;
  }
};

TEST_F(EarlyEndTest, TheProvidersCountIsNotReplaced) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("abcde") + UsageChunk());
  call.End(upstream::Outcome::kBroken);
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] abcde", "usage 5/3", "end truncated"));
}

TEST_F(EarlyEndTest, WithoutItOursComesBeforeTheStatus) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("abcde"));
  call.End(upstream::Outcome::kBroken);
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] abcde", "estimated 4/2", "end truncated"));
  ledger_->Close(&*heard_.error);
  EXPECT_EQ(Logged("completion_tokens"), "2");
  EXPECT_EQ(Logged("usage_estimated"), "true");
  EXPECT_EQ(Metric(R"(sluice_tokens_estimated_total{model="gpt-4.1",type="output",upstream="relay"})"), 2);
  EXPECT_EQ(Metric(R"(sluice_tokens_total{model="gpt-4.1",type="output",upstream="relay"})"), 0);
}

TEST_F(EarlyEndTest, ACallerThatLeftIsLoggedAndCounted) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("abcde"));
  exchange_->Abort(Of(chat::ErrorKind::kCancelled));
  EXPECT_THAT(heard_.lines, Not(Contains(HasSubstr("estimated"))));
  const chat::Error left = Of(chat::ErrorKind::kCancelled);
  ledger_->Close(&left);
  EXPECT_EQ(Logged("prompt_tokens"), "4");
  EXPECT_EQ(Logged("completion_tokens"), "2");
  EXPECT_EQ(Metric(R"(sluice_tokens_estimated_total{model="gpt-4.1",type="input",upstream="relay"})"), 4);
}

TEST_F(EarlyEndTest, ACallerThatLeavesGetsTheProvidersCountIntoTheLogWhereItCame) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(TextChunk("abcde") + UsageChunk());
  exchange_->Abort(Of(chat::ErrorKind::kCancelled));
  ledger_.reset();
  EXPECT_EQ(Logged("completion_tokens"), "3");
  EXPECT_EQ(Logged("usage_estimated"), "false");
}

TEST_F(EarlyEndTest, APromptThatTheUpstreamWorkedOnCountsEvenWithoutOutput) {
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body(RoleChunk());
  exchange_->Fail(Of(chat::ErrorKind::kDraining));
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "estimated 4/0", "end draining"));
}

TEST_F(EarlyEndTest, WhatWasNotAnsweredCostsNothing) {
  Start(Ask("gpt-4.1"));
  client_.last().Sent();
  exchange_->Fail(Of(chat::ErrorKind::kDraining));
  EXPECT_THAT(heard_.lines, ElementsAre("end draining"));
  heard_ = Recorder();
  auto& call = Stream(Ask("gpt-4.1"));
  call.Body("<html>");
  call.End();
  EXPECT_THAT(heard_.lines, ElementsAre("end not_sse"));
}

TEST_F(EarlyEndTest, ACallerThatWantsNoUsageGetsNone) {
  chat::Request request = Ask("gpt-4.1");
  request.include_usage = false;
  auto& call = Stream(std::move(request));
  call.Body(TextChunk("abcde"));
  call.End(upstream::Outcome::kBroken);
  EXPECT_THAT(heard_.lines, ElementsAre(HasSubstr("started"), "text[0] abcde", "end truncated"));
  ledger_->Close(&*heard_.error);
  EXPECT_EQ(Logged("completion_tokens"), "2");
}

}  // namespace
}  // namespace sluice::exchange
