#include <gtest/gtest.h>

#include "server/json/tape.h"

namespace sluice::json {
namespace {

TEST(PrepareTest, BothRepairsWorkInOneText) {
  Tape tape;
  ASSERT_EQ(tape.Parse(R"({"n":1e999,"s":"x\ud83d","m":-7,"t":"\\ud83d -1e999"})"), Tape::Result::kOk);
  EXPECT_EQ(tape.root().Find("n").Raw(), "1e999");
  EXPECT_EQ(tape.root().Find("s").AsText().trailing_high, 0xD83D);
  EXPECT_EQ(tape.root().Find("m").AsInt64(), -7);
  EXPECT_EQ(tape.root().Find("t").AsString(), "\\ud83d -1e999");
}

TEST(PrepareTest, ARepairedNumberDoesNotHideOtherFaults) {
  Tape tape;
  EXPECT_EQ(tape.Parse(R"({"n":1e999,"s":})"), Tape::Result::kMalformed);
  EXPECT_EQ(tape.Parse(R"({"n":1e999,"s":"x)"), Tape::Result::kMalformed);
}

TEST(PrepareTest, EscapesAtTheVeryEndAreNotReadBeyond) {
  Tape tape;
  for (const char* text : {"\"\\ud83d", "\"\\ud83d\\", "\"\\ud83d\\u", "\"\\ud83d\\udc0", "\"\\ud8", "\"\\ud83d\\\""}) {
    EXPECT_EQ(tape.Parse(text), Tape::Result::kMalformed) << text;
  }
}

TEST(PrepareTest, ManyHalfPairsAreAllFound) {
  std::string text = "[";
  for (int i = 0; i < 1000; ++i) text += i == 0 ? R"("a\ud83d")" : R"(,"a\ud83d")";
  text += "]";
  Tape tape;
  ASSERT_EQ(tape.Parse(text), Tape::Result::kOk);
  for (const Value element : tape.root().elements()) ASSERT_EQ(element.AsText().trailing_high, 0xD83D);
}

}  // namespace
}  // namespace sluice::json
