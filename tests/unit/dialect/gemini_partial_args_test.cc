#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/dialect/gemini/partial_args.h"

namespace sluice::dialect::gemini {
namespace {

// The path as "a|0|b", numbers marked with '#'; "none" if it is none.
std::string Steps(absl::string_view path) {
  const auto steps = ReadPath(path);
  if (!steps) return "none";
  std::string out;
  for (const PathStep& step : *steps)
    absl::StrAppend(&out, "|", step.index ? absl::StrCat("#", *step.index) : step.name);
  return out;
}

// The arguments that these pieces make, or "none" if one does not fit.
std::string Join(const std::vector<std::string>& pieces, size_t max_bytes = 1 << 20) {
  PartialArgs args(max_bytes);
  for (const std::string& piece : pieces) {
    json::Tape tape;
    EXPECT_EQ(tape.Parse(piece), json::Tape::Result::kOk) << piece;
    if (!args.Add(tape.root())) return "none";
  }
  return args.Json();
}

TEST(GeminiPartialArgsTest, PathsInBothNotations) {
  EXPECT_EQ(Steps("$"), "");
  EXPECT_EQ(Steps("$.foo.bar[0].data"), "|foo|bar|#0|data");
  EXPECT_EQ(Steps("$['a b'][\"c\"][12]"), "|a b|c|#12");
  EXPECT_EQ(Steps(R"($['it\'s "x"']["\"\u00e9"])"), "|it's \"x\"|\"\xC3\xA9");
  EXPECT_EQ(Steps("$['a.b[0]'].c"), "|a.b[0]|c");
}

TEST(GeminiPartialArgsTest, WhatNamesNoSinglePlaceIsNoPath) {
  for (const char* path : {"", "a", "$a", "$.", "$..a", "$.a.", "$[", "$[]", "$[*]", "$[-1]", "$[1", "$['a]", "$['a'",
                           "$[99999999999]", "$[?@.a]", R"($["\ud83d"])", R"($['\q'])"}) {
    EXPECT_EQ(Steps(path), "none") << path;
  }
  std::string deep = "$";
  for (int i = 0; i < 101; ++i) deep += ".a";
  EXPECT_EQ(Steps(deep), "none");
}

TEST(GeminiPartialArgsTest, PiecesOfAStringAreJoined) {
  EXPECT_EQ(Join({R"({"jsonPath":"$.city","stringValue":"New ","willContinue":true})",
                  R"({"jsonPath":"$.city","stringValue":"Delhi"})"}),
            R"({"city":"New Delhi"})");
  EXPECT_EQ(Join({R"({"jsonPath":"$.a","stringValue":"x\ud83d"})", R"({"jsonPath":"$.a","stringValue":"\ude00"})"}),
            "{\"a\":\"x\xF0\x9F\x98\x80\"}");
  EXPECT_EQ(Join({R"({"jsonPath":"$.a","stringValue":"x\ud83d"})"}), "{\"a\":\"x\xEF\xBF\xBD\"}");
}

TEST(GeminiPartialArgsTest, ValuesOfEveryKindInTheOrderTheyCame) {
  EXPECT_EQ(Join({R"({"jsonPath":"$.z","numberValue":1.50})", R"({"jsonPath":"$.a","boolValue":false})",
                  R"({"jsonPath":"$.n","nullValue":"NULL_VALUE"})", R"({"jsonPath":"$.s","stringValue":""})",
                  R"({"jsonPath":"$.l[0]","numberValue":1})", R"({"jsonPath":"$.l[1].k","stringValue":"v"})",
                  R"({"jsonPath":"$.l[0]","numberValue":2})"}),
            R"({"z":1.50,"a":false,"n":null,"s":"","l":[2,{"k":"v"}]})");
}

TEST(GeminiPartialArgsTest, APieceWithoutAValueAddsNothing) {
  EXPECT_EQ(Join({R"({"jsonPath":"$.a","willContinue":true})", "{}"}), "{}");
}

TEST(GeminiPartialArgsTest, WhatLeadsNowhereDoesNotFit) {
  EXPECT_EQ(Join({R"({"jsonPath":"$","stringValue":"x"})"}), "none");
  EXPECT_EQ(Join({R"({"stringValue":"x"})"}), "none");
  EXPECT_EQ(Join({R"({"jsonPath":"$.a[1]","stringValue":"x"})"}), "none");
  EXPECT_EQ(Join({R"({"jsonPath":"$[0]","stringValue":"x"})"}), "none");
  EXPECT_EQ(Join({R"({"jsonPath":"$.a","stringValue":"x"})", R"({"jsonPath":"$.a.b","stringValue":"x"})"}), "none");
  EXPECT_EQ(Join({R"({"jsonPath":"$.a.b","stringValue":"x"})", R"({"jsonPath":"$.a","stringValue":"x"})"}), "none");
  EXPECT_EQ(Join({R"({"jsonPath":"$.a.b","stringValue":"x"})", R"({"jsonPath":"$.a","nullValue":null})"}), "none");
}

TEST(GeminiPartialArgsTest, WholeMembersStandBesidePieces) {
  json::Tape tape;
  PartialArgs args(1 << 20);
  ASSERT_EQ(tape.Parse(R"({"a":{"b":[1, 2]},"c":"d"})"), json::Tape::Result::kOk);
  EXPECT_TRUE(args.AddWhole(tape.root()));
  ASSERT_EQ(tape.Parse(R"({"jsonPath":"$.e","numberValue":3})"), json::Tape::Result::kOk);
  EXPECT_TRUE(args.Add(tape.root()));
  EXPECT_EQ(args.Json(), R"({"a":{"b":[1, 2]},"c":"d","e":3})");
}

TEST(GeminiPartialArgsTest, WhatIsKeptIsBounded) {
  const std::string piece = R"({"jsonPath":"$.a","stringValue":"0123456789"})";
  EXPECT_EQ(Join(std::vector<std::string>(10, piece), 1000).size(), 8u + 100u);
  EXPECT_EQ(Join(std::vector<std::string>(100, piece), 1000), "none");
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back(absl::StrCat(R"({"jsonPath":"$.a[)", i, R"(]","numberValue":1})"));
  EXPECT_EQ(Join(many, 1000), "none");
}

}  // namespace
}  // namespace sluice::dialect::gemini
