#include "server/edge/grpc/response_queue.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/edge/grpc/event_to_proto.h"
#include "tests/unit/allocations.h"

namespace sluice::edge {
namespace {

void AddText(ResponseQueue& queue, absl::string_view text) {
  chat::Delta delta;
  delta.text = text;
  FillDelta(delta, queue.Add()->mutable_delta());
  queue.Commit();
}

TEST(ResponseQueueTest, GivesBackInOrderAsItGrows) {
  ResponseQueue queue;
  int next = 0, expected = 0;
  // The ring's head moves on between the growths, so that each of them finds it wrapped somewhere else.
  for (const int burst : {1, 3, 2, 7, 5, 20, 1, 64, 33}) {
    for (int i = 0; i < burst; ++i) AddText(queue, absl::StrCat(next++));
    for (int i = 0; i < burst / 2; ++i, ++expected) {
      EXPECT_EQ(queue.front().delta().text(), absl::StrCat(expected));
      queue.Pop();
    }
    EXPECT_EQ(queue.size(), static_cast<size_t>(next - expected));
  }
  for (; !queue.empty(); ++expected) {
    EXPECT_EQ(queue.front().delta().text(), absl::StrCat(expected));
    queue.Pop();
  }
  EXPECT_EQ(expected, next);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(ResponseQueueTest, CountsSerializedBytes) {
  ResponseQueue queue;
  AddText(queue, "hello");
  const size_t one = queue.front().ByteSizeLong();
  EXPECT_EQ(queue.front_bytes(), one);
  AddText(queue, "hello");
  EXPECT_EQ(queue.bytes(), 2 * one);
  queue.Pop();
  EXPECT_EQ(queue.bytes(), one);
  queue.Clear();
  EXPECT_EQ(queue.bytes(), 0u);
  EXPECT_TRUE(queue.empty());
  AddText(queue, "again");
  EXPECT_EQ(queue.front().delta().text(), "again");
}

TEST(ResponseQueueTest, APacedStreamOfLikeDeltasAllocatesNothing) {
  ResponseQueue queue;
  const std::string text(100, 'x');
  for (int i = 0; i < 4; ++i) {
    AddText(queue, text);
    queue.Pop();
  }
  const size_t before = Allocations();
  for (int i = 0; i < 1000; ++i) {
    AddText(queue, text);
    queue.Pop();
  }
  EXPECT_EQ(Allocations(), before);
}

TEST(ResponseQueueTest, APacedStreamOfToolCallPiecesAllocatesNothing) {
  ResponseQueue queue;
  chat::Delta delta;
  delta.kind = chat::DeltaKind::kToolCall;
  delta.tool.arguments = "{\"some\": \"arguments that fit no small string\"}";
  const auto add = [&] {
    FillDelta(delta, queue.Add()->mutable_delta());
    queue.Commit();
    queue.Pop();
  };
  for (int i = 0; i < 4; ++i) add();
  const size_t before = Allocations();
  for (int i = 0; i < 1000; ++i) add();
  EXPECT_EQ(Allocations(), before);
}

TEST(ResponseQueueTest, APacedStreamOfLogprobsAllocatesNothing) {
  ResponseQueue queue;
  chat::TokenLogprob logprob;
  logprob.token = " a token that fits no small string";
  logprob.bytes = logprob.token;
  logprob.top.resize(3);
  chat::Delta delta;
  delta.text = logprob.token;
  delta.logprobs = absl::MakeConstSpan(&logprob, 1);
  const auto add = [&] {
    FillDelta(delta, queue.Add()->mutable_delta());
    queue.Commit();
    queue.Pop();
  };
  for (int i = 0; i < 4; ++i) add();
  const size_t before = Allocations();
  for (int i = 0; i < 1000; ++i) add();
  EXPECT_EQ(Allocations(), before);
}

TEST(ResponseQueueTest, AStreamThatComesInBurstsAllocatesNothing) {
  ResponseQueue queue;
  const std::string text(100, 'x');
  const auto burst = [&] {
    for (int i = 0; i < 64; ++i) AddText(queue, text);  // what a read of 16 KiB brings, and more
    while (!queue.empty()) queue.Pop();
  };
  for (int i = 0; i < 4; ++i) burst();
  const size_t before = Allocations();
  for (int i = 0; i < 100; ++i) burst();
  EXPECT_EQ(Allocations(), before);
}

TEST(ResponseQueueTest, AGiantDeltasMemoryIsGivenBack) {
  ResponseQueue queue;
  AddText(queue, std::string(1 << 20, 'x'));
  queue.Pop();
  AddText(queue, "small");  // the ring's other slot
  queue.Pop();
  v1::ChatResponse* slot = queue.Add();  // the giant's again
  EXPECT_LT(slot->SpaceUsedLong(), 4096u);
  EXPECT_LT(slot->mutable_delta()->mutable_text()->capacity(), 4096u);
}

TEST(ResponseQueueTest, ABurstsSlotsAreGivenBack) {
  ResponseQueue queue;
  for (int i = 0; i < 1000; ++i) AddText(queue, "x");
  while (!queue.empty()) queue.Pop();
  // The messages of the burst are gone: the next slots are fresh.
  EXPECT_FALSE(queue.Add()->has_delta());
}

}  // namespace
}  // namespace sluice::edge
