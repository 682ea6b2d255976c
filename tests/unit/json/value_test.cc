#include <gtest/gtest.h>

#include "server/json/tape.h"

namespace sluice::json {
namespace {

TEST(ValueTest, RootMayBeAScalar) {
  Tape tape;
  ASSERT_EQ(tape.Parse(" 12 "), Tape::Result::kOk);
  EXPECT_EQ(tape.root().AsInt64(), 12);
  ASSERT_EQ(tape.Parse("null"), Tape::Result::kOk);
  EXPECT_TRUE(tape.root().is_absent_or_null());
  ASSERT_EQ(tape.Parse("\"\""), Tape::Result::kOk);
  EXPECT_FALSE(tape.root().is_absent_or_null());
  EXPECT_TRUE(tape.root().is_string());
}

TEST(ValueTest, RealsThatAreWholeMustFitToo) {
  Tape tape;
  for (const char* text : {"9.3e18", "-9.3e18", "1e300", "0.5", "-1.25"}) {
    ASSERT_EQ(tape.Parse(text), Tape::Result::kOk) << text;
    EXPECT_FALSE(tape.root().AsInt64().has_value()) << text;
  }
  ASSERT_EQ(tape.Parse("-9223372036854775808.0"), Tape::Result::kOk);
  EXPECT_EQ(tape.root().AsInt64(), INT64_MIN);
}

TEST(ValueTest, EmptyContainersHaveNothingToWalk) {
  Tape tape;
  ASSERT_EQ(tape.Parse("[[],{},0]"), Tape::Result::kOk);
  int count = 0;
  for (const Value element : tape.root().elements()) {
    ++count;
    for (const Value inner : element.elements()) FAIL() << inner.Raw();
    for (const auto& inner : element.members()) FAIL() << inner.key;
  }
  EXPECT_EQ(count, 3);
}

}  // namespace
}  // namespace sluice::json
