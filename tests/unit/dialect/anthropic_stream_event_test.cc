#include <gtest/gtest.h>

#include "server/dialect/anthropic/stream_event.h"

namespace sluice::dialect::anthropic {
namespace {

TEST(AnthropicStreamEvent, OfDuplicatesTheLastCounts) {
  json::Tape tape;
  ASSERT_EQ(tape.Parse(R"({"type":"a","index":1,"delta":{"type":"t","text":"x","text":"y"},"type":"b","other":0})"),
            json::Tape::Result::kOk);
  const StreamEvent event = ReadStreamEvent(tape.root());
  EXPECT_EQ(event.type.AsString(), "b");
  EXPECT_EQ(event.index.AsInt64(), 1);
  EXPECT_TRUE(event.usage.is_absent_or_null());
  EXPECT_EQ(ReadBlockDelta(event.delta).text.AsString(), "y");
}

TEST(AnthropicStreamEvent, WhatIsNoObjectHasNoMembers) {
  json::Tape tape;
  ASSERT_EQ(tape.Parse("[1]"), json::Tape::Result::kOk);
  EXPECT_EQ(ReadStreamEvent(tape.root()).type.kind(), json::Kind::kAbsent);
  EXPECT_EQ(ReadBlockDelta(tape.root()).type.kind(), json::Kind::kAbsent);
}

}  // namespace
}  // namespace sluice::dialect::anthropic
