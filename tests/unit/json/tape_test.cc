#include "server/json/tape.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "server/base/utf8.h"

namespace sluice::json {
namespace {

using Result = Tape::Result;

class TapeTest : public ::testing::Test {
 protected:
  Value Root(absl::string_view text) {
    EXPECT_EQ(tape_.Parse(text), Result::kOk) << text;
    return tape_.root();
  }

  Tape tape_;
};

TEST_F(TapeTest, ReadsEveryKindOfValue) {
  const Value root = Root(R"( {"a":null,"b":true,"c":false,"d":-12,"e":"x","f":[1,[2],{}],"g":{"h":{}}} )");
  EXPECT_EQ(root.Find("a").kind(), Kind::kNull);
  EXPECT_EQ(root.Find("b").kind(), Kind::kTrue);
  EXPECT_EQ(root.Find("c").kind(), Kind::kFalse);
  EXPECT_EQ(root.Find("d").AsInt64(), -12);
  EXPECT_EQ(root.Find("e").AsString(), "x");
  EXPECT_EQ(root.Find("f").kind(), Kind::kArray);
  EXPECT_EQ(root.Find("g").Find("h").kind(), Kind::kObject);
  EXPECT_EQ(root.Find("i").kind(), Kind::kAbsent);
}

TEST_F(TapeTest, WalksElementsAndMembersInOrder) {
  const Value root = Root(R"({"a":[[1,2],{"x":3},4],"b":5})");
  std::vector<std::string> seen;
  for (const auto& [key, value] : root.members()) seen.push_back(std::string(key) + "=" + std::string(value.Raw()));
  for (const Value element : root.Find("a").elements()) seen.emplace_back(element.Raw());
  EXPECT_EQ(seen, (std::vector<std::string>{"a=[[1,2],{\"x\":3},4]", "b=5", "[1,2]", "{\"x\":3}", "4"}));
}

TEST_F(TapeTest, AnswersEmptyForTheWrongType) {
  const Value root = Root(R"({"s":"x","n":1,"o":{}})");
  EXPECT_FALSE(root.Find("s").AsInt64().has_value());
  EXPECT_FALSE(root.Find("s").AsDouble().has_value());
  EXPECT_EQ(root.Find("n").AsString(), "");
  EXPECT_EQ(root.Find("n").Find("x").kind(), Kind::kAbsent);
  EXPECT_EQ(root.Find("absent").Find("deeper").AsString(), "");
  for (const Value element : root.elements()) FAIL() << "an object has no elements: " << element.Raw();
  for (const auto& member : root.Find("s").members()) FAIL() << "a string has no members: " << member.key;
  EXPECT_EQ(Value().kind(), Kind::kAbsent);
  EXPECT_EQ(Value().Raw(), "");
}

TEST_F(TapeTest, LastOfDuplicateKeysWins) { EXPECT_EQ(Root(R"({"a":1,"b":{"a":9},"a":2})").Find("a").AsInt64(), 2); }

TEST_F(TapeTest, TellsFilledFromEmpty) {
  const Value root = Root(R"({"a":{},"b":{"x":1},"c":"","d":"x","e":[],"f":[0],"g":0,"h":null,"i":false})");
  for (const char* empty : {"a", "c", "e", "g", "h", "i", "none"}) EXPECT_FALSE(root.Find(empty).is_filled()) << empty;
  for (const char* filled : {"b", "d", "f"}) EXPECT_TRUE(root.Find(filled).is_filled()) << filled;
}

TEST_F(TapeTest, KeepsWholeNumbersExact) {
  const Value root = Root("[9223372036854775807,-9223372036854775808,9007199254740993,0,-0,9.0,1e3,12.5,1e-1]");
  std::vector<std::optional<int64_t>> seen;
  for (const Value element : root.elements()) seen.push_back(element.AsInt64());
  EXPECT_EQ(seen, (std::vector<std::optional<int64_t>>{INT64_MAX, INT64_MIN, 9007199254740993, 0, 0, 9, 1000,
                                                       std::nullopt, std::nullopt}));
}

TEST_F(TapeTest, NumbersOutOfRangeAreAbsentAndHarmNothingElse) {
  const std::string digits(400, '7');
  const std::string text = R"({"big":9223372036854775808,"huge":1e999,"min":-1.5E+400,"long":)" + digits +
                           R"(,"tiny":1e-5000,"s":"1e999","ok":[1.5,2e2]})";
  const Value root = Root(text);
  EXPECT_FALSE(root.Find("big").AsInt64().has_value());
  EXPECT_EQ(root.Find("big").AsDouble(), 9223372036854775808.0);
  for (const char* key : {"huge", "min", "long"}) {
    EXPECT_FALSE(root.Find(key).AsInt64().has_value()) << key;
    EXPECT_FALSE(root.Find(key).AsDouble().has_value()) << key;
  }
  EXPECT_EQ(root.Find("huge").Raw(), "1e999");
  EXPECT_EQ(root.Find("long").Raw(), digits);
  EXPECT_EQ(root.Find("s").AsString(), "1e999");
  EXPECT_EQ(root.Find("ok").Raw(), "[1.5,2e2]");
  EXPECT_EQ(root.Find("ok").elements().begin().operator*().AsDouble(), 1.5);
}

TEST_F(TapeTest, UnescapesStrings) {
  EXPECT_EQ(Root(R"(["\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00"])").elements().begin().operator*().AsString(),
            "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_F(TapeTest, NulIsLegalTextWhenEscaped) {
  EXPECT_EQ(Root(R"("a\u0000b")").AsString(), absl::string_view("a\0b", 3));
}

TEST_F(TapeTest, LineSeparatorsInsideAStringStay) {
  EXPECT_EQ(Root("\"a\xE2\x80\xA8"
                 "b\xE2\x80\xA9"
                 "c\xC2\x85\"")
                .AsString(),
            "a\xE2\x80\xA8"
            "b\xE2\x80\xA9"
            "c\xC2\x85");
}

struct HalfPair {
  const char* json;
  const char* utf8;
  int leading_low;
  int trailing_high;
};

TEST_F(TapeTest, LoneSurrogatesBecomeReplacementCharactersAndShowAtTheEdges) {
  const HalfPair cases[] = {
      {R"("\ud83d")", "\xEF\xBF\xBD", 0, 0xD83D},
      {R"("ab\uD83D")", "ab\xEF\xBF\xBD", 0, 0xD83D},
      {R"("\ude00b")",
       "\xEF\xBF\xBD"
       "b",
       0xDE00, 0},
      {R"("\uDE00x\uD83D")", "\xEF\xBF\xBDx\xEF\xBF\xBD", 0xDE00, 0xD83D},
      {R"("a\ud83db")",
       "a\xEF\xBF\xBD"
       "b",
       0, 0},
      {R"("a\ude00")", "a\xEF\xBF\xBD", 0, 0},
      {R"("\ud83dx")", "\xEF\xBF\xBDx", 0, 0},
      {R"("\ud83d\ud83d\ude00")", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 0, 0},
      {R"("\ud83d\ude00\ude00")", "\xF0\x9F\x98\x80\xEF\xBF\xBD", 0, 0},
      {R"("\ud83d\n")", "\xEF\xBF\xBD\n", 0, 0},
      {R"("\\ud83d")", "\\ud83d", 0, 0},
      {R"("\\\ud83d")", "\\\xEF\xBF\xBD", 0, 0xD83D},
  };
  for (const HalfPair& c : cases) {
    const Text text = Root(c.json).AsText();
    EXPECT_EQ(text.utf8, c.utf8) << c.json;
    EXPECT_EQ(text.leading_low, c.leading_low) << c.json;
    EXPECT_EQ(text.trailing_high, c.trailing_high) << c.json;
  }
}

TEST_F(TapeTest, HalfPairsBelongToTheirOwnString) {
  const Value root = Root(R"({"\udc00k":"a\ud83d","b":"plain","c":["\ude00"],"d\ud800":"\ud83d\ude00"})");
  EXPECT_EQ(root.Find("\xEF\xBF\xBDk").AsText().trailing_high, 0xD83D);
  EXPECT_EQ(root.Find("b").AsText().trailing_high, 0);
  EXPECT_EQ((*root.Find("c").elements().begin()).AsText().leading_low, 0xDE00);
  EXPECT_EQ(root.Find("d\xEF\xBF\xBD").AsText().utf8, "\xF0\x9F\x98\x80");
  EXPECT_EQ(root.Find("d\xEF\xBF\xBD").AsText().leading_low, 0);
}

TEST_F(TapeTest, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "]",
                           "{]",
                           "[}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "[1,]",
                           "[1 2]",
                           "{\"a\":1}{",
                           "{\"a\":1} x",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "NaN",
                           "Infinity",
                           "nul",
                           "truth",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\ud83",
                           "\"\\ud83d",
                           "\"a\nb\"",
                           "{\"a\":1 \"b\":2}",
                           "{1:2}",
                           "// c\n1",
                           "[DONE]",
                           "<html>",
                           "{\"a\":tru",
                           "-",
                           "1e",
                           "{,}",
                           "[,1]",
                           ":",
                           ","}) {
    EXPECT_EQ(tape_.Parse(text), Result::kMalformed) << text;
    EXPECT_EQ(tape_.root().kind(), Kind::kAbsent) << text;
  }
}

TEST_F(TapeTest, AStrayNulEndsNothing) {
  EXPECT_EQ(tape_.Parse(absl::string_view("{}\0", 3)), Result::kMalformed);
  EXPECT_EQ(tape_.Parse(absl::string_view("{}\0{", 4)), Result::kMalformed);
  EXPECT_EQ(tape_.Parse(absl::string_view("\"a\0b\"", 5)), Result::kMalformed);
}

std::string Nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_F(TapeTest, DepthIsBoundedNotCrashing) {
  EXPECT_EQ(tape_.Parse(Nested(512)), Result::kOk);
  EXPECT_EQ(tape_.Parse(Nested(513)), Result::kTooDeep);
  EXPECT_EQ(tape_.Parse(std::string(1'000'000, '[')), Result::kTooDeep);
  std::string objects;
  for (int i = 0; i < 600; ++i) objects += "{\"a\":";
  EXPECT_EQ(tape_.Parse(objects), Result::kTooDeep);
  EXPECT_EQ(tape_.Parse("[1]"), Result::kOk) << "usable after a failure";
}

TEST_F(TapeTest, SizeIsBounded) {
  const Tape::Limits small{.max_bytes = 10, .max_depth = 4};
  EXPECT_EQ(tape_.Parse("[12345678]", small), Result::kOk);
  EXPECT_EQ(tape_.Parse("[123456789]", small), Result::kTooLarge);
  EXPECT_EQ(tape_.root().kind(), Kind::kAbsent);
  EXPECT_EQ(tape_.Parse("[[[[]]]]", small), Result::kOk);
  EXPECT_EQ(tape_.Parse("[[[[[]]]]]", small), Result::kTooDeep);
  EXPECT_EQ(tape_.Parse("[[[[[123456]]]]]"), Result::kOk) << "each text has its own limits";
}

TEST_F(TapeTest, ATextReplacesTheOneBefore) {
  Root(R"({"a":"\ud83d","b":[1,2,3]})");
  const Value root = Root(R"({"a":"x"})");
  EXPECT_EQ(root.Find("a").AsText().trailing_high, 0);
  EXPECT_EQ(root.Find("b").kind(), Kind::kAbsent);
}

TEST_F(TapeTest, RawGivesTheTextAsItStood) {
  const Value root = Root(R"({ "o" : { "x" : 1.50, "s":"\u0041\ud83d" } , "n":null,"t":true,"f":[false] })");
  EXPECT_EQ(root.Find("o").Raw(), R"({ "x" : 1.50, "s":"\u0041\ud83d" })");
  EXPECT_EQ(root.Find("n").Raw(), "null");
  EXPECT_EQ(root.Find("t").Raw(), "true");
  EXPECT_EQ((*root.Find("f").elements().begin()).Raw(), "false");
}

TEST_F(TapeTest, RawStringGivesAStringAsItStoodBetweenItsQuotes) {
  const Value root = Root(R"({"s":"a\"\u0041\ud83d\\","e":"","n":7})");
  EXPECT_EQ(root.Find("s").RawString(), R"(a\"\u0041\ud83d\\)");
  EXPECT_EQ(root.Find("e").RawString(), "");
  EXPECT_EQ(root.Find("n").RawString(), "");
}

TEST_F(TapeTest, SizeIsTheNumberOfElements) {
  EXPECT_EQ(Root("[1,[2,3],{}]").size(), 3u);
  EXPECT_EQ(Root("[]").size(), 0u);
  EXPECT_EQ(Root(R"({"a":1})").size(), 0u);
}

TEST(AppendCompactTest, DropsOnlyTheBlanksBetweenTokens) {
  std::string out = ">";
  AppendCompact("{ \"a b\" : [ 1.50 ,\t\"x \\\" y\" ],\r\n \"\\\\\" : 1 }", out);
  EXPECT_EQ(out, ">{\"a b\":[1.50,\"x \\\" y\"],\"\\\\\":1}");
}

// Mutations of real chunks: whatever they are, no crash, and all text that comes out is valid.
TEST(TapeFuzzTest, SurvivesMutations) {
  const std::string seeds[] = {
      R"({"id":"c1","choices":[{"index":0,"delta":{"content":"a\ud83d\ude00\u00e9","x":[1,-2.5e3,true,null]}}]})",
      R"([{"a":{"b":{"c":[[],{}]}}},"\ud800","\udc00",1e308,1e999,"\\\""])"};
  std::mt19937 random(7);
  const std::string alphabet = "{}[]\",:\\u0dDe+-.19tfnl \n\xC3\xA9";
  Tape tape;
  int good = 0;
  for (int round = 0; round < 60000; ++round) {
    std::string text = seeds[round % 2];
    for (int edits = static_cast<int>(random() % 4); edits >= 0; --edits) {
      const size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 5);
      } else if (random() % 2 == 0) {
        text.insert(at, 1, c);
      } else {
        text[at] = c;
      }
      if (text.empty()) text = "[]";
    }
    text = RepairUtf8(text);
    if (tape.Parse(text, {.max_bytes = 4096, .max_depth = 8}) != Result::kOk) continue;
    ++good;
    std::vector<Value> open = {tape.root()};
    while (!open.empty()) {
      const Value value = open.back();
      open.pop_back();
      ASSERT_TRUE(IsValidUtf8(value.AsString())) << text;
      for (const Value element : value.elements()) open.push_back(element);
      for (const auto& [key, member] : value.members()) {
        ASSERT_TRUE(IsValidUtf8(key)) << text;
        open.push_back(member);
      }
    }
  }
  EXPECT_GT(good, 1000);
}

}  // namespace
}  // namespace sluice::json
