#include "server/dialect/think_splitter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice::dialect {
namespace {

// "[thinking]" and "(answer)", joined, of the text fed in two pieces cut at every place and byte by byte; all must
// agree.
std::string Split(const std::string& text) {
  const auto run = [&](const std::vector<absl::string_view>& pieces) {
    std::string thinking, answer;
    const auto take = [&](bool is_thinking, absl::string_view piece) {
      EXPECT_FALSE(piece.empty());
      EXPECT_TRUE(!is_thinking || answer.empty()) << "thinking after the answer";
      absl::StrAppend(is_thinking ? &thinking : &answer, piece);
    };
    ThinkSplitter splitter;
    for (const absl::string_view piece : pieces) splitter.Feed(piece, take);
    splitter.Flush(take);
    return absl::StrCat("[", thinking, "](", answer, ")");
  };
  const std::string whole = run({text});
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(run({absl::string_view(text).substr(0, cut), absl::string_view(text).substr(cut)}), whole) << cut;
  }
  std::vector<absl::string_view> bytes;
  for (size_t i = 0; i < text.size(); ++i) bytes.push_back(absl::string_view(text).substr(i, 1));
  EXPECT_EQ(run(bytes), whole);
  return whole;
}

TEST(ThinkSplitter, PartsThinkingFromTheAnswer) { EXPECT_EQ(Split("<think>hm</think>Yes."), "[hm](Yes.)"); }
TEST(ThinkSplitter, BlanksMayStandBeforeTheTag) {
  EXPECT_EQ(Split("\n <think>\nhm\n</think>\n\nYes."), "[\nhm\n](\n\nYes.)");
}
TEST(ThinkSplitter, ATagInsideTheAnswerIsText) {
  EXPECT_EQ(Split("Write <think>x</think>."), "[](Write <think>x</think>.)");
  EXPECT_EQ(Split("<think>a</think>b<think>c</think>"), "[a](b<think>c</think>)");
}
TEST(ThinkSplitter, WhatOnlyBeginsLikeATagIsText) {
  EXPECT_EQ(Split("<thin"), "[](<thin)");
  EXPECT_EQ(Split("<things>"), "[](<things>)");
  EXPECT_EQ(Split("  "), "[](  )");
}
TEST(ThinkSplitter, WithoutAClosingTagAllIsThinking) {
  EXPECT_EQ(Split("<think>a </thin"), "[a </thin]()");
  EXPECT_EQ(Split("<think>"), "[]()");
}
TEST(ThinkSplitter, ManyBlanksAreText) {
  const std::string blanks(100, ' ');
  EXPECT_EQ(Split(blanks + "<think>a</think>"), absl::StrCat("[](", blanks, "<think>a</think>)"));
}

TEST(ThinkSplitter, NothingIsKeptBackWithoutNeed) {
  ThinkSplitter splitter;
  std::string heard;
  const auto take = [&](bool thinking, absl::string_view piece) {
    absl::StrAppend(&heard, thinking ? "t:" : "a:", piece, ";");
  };
  splitter.Feed("<think>ab", take);
  EXPECT_EQ(heard, "t:ab;");
  splitter.Feed("c</th", take);
  EXPECT_EQ(heard, "t:ab;t:c;");
  splitter.Feed("ink>d", take);
  EXPECT_EQ(heard, "t:ab;t:c;a:d;");
}

}  // namespace
}  // namespace sluice::dialect
