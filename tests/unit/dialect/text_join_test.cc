#include "server/dialect/text_join.h"

#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

const char kReplacement[] = "\xEF\xBF\xBD";

class TextJoinTest : public ::testing::Test {
 protected:
  std::string Next(absl::string_view json) {
    EXPECT_EQ(tape_.Parse(json), json::Tape::Result::kOk);
    return std::string(join_.Next(tape_.root().AsText(), scratch_));
  }

  json::Tape tape_;
  TextJoin join_;
  std::string scratch_;
};

TEST_F(TextJoinTest, WholeTextPassesUncopied) {
  ASSERT_EQ(tape_.Parse(R"("plain")"), json::Tape::Result::kOk);
  const json::Text text = tape_.root().AsText();
  EXPECT_EQ(join_.Next(text, scratch_).data(), text.utf8.data());
  EXPECT_EQ(join_.Flush(), "");
}

TEST_F(TextJoinTest, HalvesMeet) {
  EXPECT_EQ(Next(R"("a\ud83d")"), "a");
  EXPECT_EQ(Next(R"("\ude00b")"),
            "\xF0\x9F\x98\x80"
            "b");
  EXPECT_EQ(join_.Flush(), "");
}

TEST_F(TextJoinTest, TheSmallestAndTheLargestPair) {
  Next(R"("\ud800")");
  EXPECT_EQ(Next(R"("\udc00")"), "\xF0\x90\x80\x80");
  Next(R"("\udbff")");
  EXPECT_EQ(Next(R"("\udfff")"), "\xF4\x8F\xBF\xBF");
}

TEST_F(TextJoinTest, AChainOfHalves) {
  EXPECT_EQ(Next(R"("\ud83d")"), "");
  EXPECT_EQ(Next(R"("\ude00\ud83d")"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(Next(R"("\ude01")"), "\xF0\x9F\x98\x81");
}

TEST_F(TextJoinTest, AHalfWithoutItsOtherIsReplaced) {
  EXPECT_EQ(Next(R"("\ud83d")"), "");
  EXPECT_EQ(Next(R"("x")"), std::string(kReplacement) + "x");
  EXPECT_EQ(Next(R"("\ud83d")"), "");
  EXPECT_EQ(Next(R"("\ud83d")"), kReplacement);
  EXPECT_EQ(join_.Flush(), kReplacement);
  EXPECT_EQ(join_.Flush(), "");
}

TEST_F(TextJoinTest, ALowHalfAloneStaysReplaced) { EXPECT_EQ(Next(R"("\ude00x")"), std::string(kReplacement) + "x"); }

TEST_F(TextJoinTest, EmptyTextChangesNothing) {
  EXPECT_EQ(Next(R"("\ud83d")"), "");
  EXPECT_EQ(Next(R"("")"), "");
  EXPECT_EQ(Next(R"("\ude00")"), "\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace sluice::dialect
