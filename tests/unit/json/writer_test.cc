#include "server/json/writer.h"

#include <gtest/gtest.h>

#include <charconv>
#include <limits>
#include <random>

#include "server/json/tape.h"

namespace sluice::json {
namespace {

TEST(WriterTest, WritesEveryKindInOrder) {
  std::string out;
  Writer json(out);
  json.StartObject().Member("s", "x").Key("i").Int(-7).Key("d").Double(0.7).Key("b").Bool(true).Key("n").Null();
  json.Key("r").Raw(R"({"z": 1.50})").Key("a").StartArray().Int(1).StartObject().EndObject().EndArray().EndObject();
  EXPECT_EQ(out, R"({"s":"x","i":-7,"d":0.7,"b":true,"n":null,"r":{"z": 1.50},"a":[1,{}]})");
}

TEST(WriterTest, EscapesWhatJsonDemandsAndNothingElse) {
  std::string out;
  Writer(out).String(absl::string_view("\"\\/\n\x01\0\xC3\xA9\xE2\x80\xA8", 11));
  EXPECT_EQ(out, "\"\\\"\\\\/\\n\\u0001\\u0000\xC3\xA9\xE2\x80\xA8\"");
}

TEST(WriterTest, EveryControlCharacterIsEscapedWhereverItStands) {
  Tape tape;
  for (int c = 0; c < 0x80; ++c) {
    const auto special = static_cast<char>(c);
    const std::string text = std::string(1, special) + "ab" + special + special + "c" + special;
    std::string out;
    Writer(out).StartArray().String(text).String("next").EndArray();
    for (const char written : out) EXPECT_GE(written, 0x20) << c;
    ASSERT_EQ(tape.Parse(out), Tape::Result::kOk) << out;
    EXPECT_EQ((*tape.root().elements().begin()).AsString(), text) << out;
  }
  std::string out;
  Writer(out).String("\b\f\n\r\t\x1f\x7f");
  EXPECT_EQ(out, "\"\\b\\f\\n\\r\\t\\u001F\x7f\"");
}

TEST(WriterTest, InvalidTextIsRepaired) {
  std::string out;
  Writer(out)
      .StartArray()
      .String(
          "a\xFF"
          "b")
      .String("\xED\xA0\x80")
      .EndArray();
  EXPECT_EQ(out,
            "[\"a\xEF\xBF\xBD"
            "b\",\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"]");
}

TEST(WriterTest, EmptyViewsAreEmptyStrings) {
  std::string out;
  Writer(out).StartObject().Member(absl::string_view(), absl::string_view()).EndObject();
  EXPECT_EQ(out, R"({"":""})");
}

std::string Printed(double value) {
  std::string out;
  Writer(out).Double(value);
  return out;
}

TEST(WriterTest, DoublesAreShortestAndReadBackEqual) {
  EXPECT_EQ(Printed(1), "1");
  EXPECT_EQ(Printed(0.1), "0.1");
  EXPECT_EQ(Printed(-2), "-2");
  EXPECT_EQ(Printed(1e23), "1e+23");
  EXPECT_EQ(Printed(5e-324), "5e-324");
  std::mt19937_64 random(3);
  Tape tape;
  for (int i = 0; i < 2000; ++i) {
    const double value = std::uniform_real_distribution<double>(-2, 2)(random);
    const std::string text = Printed(value);
    ASSERT_EQ(tape.Parse(text), Tape::Result::kOk);
    ASSERT_EQ(tape.root().AsDouble(), value) << text;
  }
}

TEST(WriterTest, WhatJsonCannotWriteIsNull) {
  EXPECT_EQ(Printed(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(Printed(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(WriterTest, KeepsInt64Exact) {
  std::string out;
  Writer(out).StartArray().Int(INT64_MAX).Int(INT64_MIN).EndArray();
  EXPECT_EQ(out, "[9223372036854775807,-9223372036854775808]");
}

}  // namespace
}  // namespace sluice::json
