#include "server/telemetry/span_queue.h"

#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "gtest/gtest.h"

namespace sluice::telemetry {
namespace {

using std::chrono::milliseconds;

Span Named(std::string name) {
  Span span;
  span.name = std::move(name);
  return span;
}

TEST(SpanQueueTest, SpansComeOutInTheOrderTheyWentInAndNoMoreAtOnceThanAskedFor) {
  SpanQueue queue;
  for (const char* name : {"a", "b", "c"}) queue.Add(Named(name));
  const auto first = queue.Take(2, milliseconds(0));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].name, "a");
  EXPECT_EQ(first[1].name, "b");
  const auto second = queue.Take(2, milliseconds(0));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].name, "c");
}

TEST(SpanQueueTest, AFullBatchDoesNotLinger) {
  SpanQueue queue;
  queue.Add(Named("a"));
  auto taken = std::async(std::launch::async, [&] { return queue.Take(2, std::chrono::hours(1)); });
  queue.Add(Named("b"));
  EXPECT_EQ(taken.get().size(), 2u);  // an hour would be the test's own limit
}

TEST(SpanQueueTest, WhatFindsItFullIsDroppedAndCounted) {
  SpanQueue queue(2);
  for (const char* name : {"a", "b", "c", "d"}) queue.Add(Named(name));
  EXPECT_EQ(queue.counts().dropped, 2u);
  EXPECT_EQ(queue.Take(10, milliseconds(0)).size(), 2u);
  queue.Add(Named("e"));
  EXPECT_EQ(queue.counts().dropped, 2u);
}

TEST(SpanQueueTest, AClosedQueueGivesWhatItHasAndThenNothing) {
  SpanQueue queue;
  queue.Add(Named("a"));
  queue.Close();
  queue.Add(Named("late"));
  EXPECT_EQ(queue.Take(10, std::chrono::hours(1)).size(), 1u);
  EXPECT_TRUE(queue.Take(10, std::chrono::hours(1)).empty());
  EXPECT_EQ(queue.counts().dropped, 1u);
}

TEST(SpanQueueTest, ClosingEndsAWait) {
  SpanQueue queue;
  auto taken = std::async(std::launch::async, [&] { return queue.Take(1, milliseconds(0)); });
  queue.Close();
  EXPECT_TRUE(taken.get().empty());
}

TEST(SpanQueueTest, CountsWhatBecameOfSpans) {
  SpanQueue queue;
  queue.CountSent(3);
  queue.CountFailed(2);
  EXPECT_EQ(queue.counts().sent, 3u);
  EXPECT_EQ(queue.counts().failed, 2u);
}

}  // namespace
}  // namespace sluice::telemetry
