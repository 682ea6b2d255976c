#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/dialect/gemini/bare_json.h"

namespace sluice::dialect::gemini {
namespace {

struct Line {
  std::string name;
  std::string value;
};

// Adds the lines, and gives back what was complete after the last of them, and not before.
std::string Join(const std::vector<Line>& lines) {
  BareJson json;
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(json.Add(lines[i].name, lines[i].value), i + 1 == lines.size()) << lines[i].name;
  }
  return std::string(json.text());
}

TEST(GeminiBareJsonTest, LinesMakeADocument) {
  EXPECT_EQ(Join({{"{", ""}, {"  \"error\"", "{"}, {"    \"code\"", "503"}, {"  }", ""}, {"}", ""}}),
            "{\n\"error\":{\n\"code\":503\n}\n}\n");
}

TEST(GeminiBareJsonTest, ANameAtTheEndOfALineGetsItsColonBack) {
  EXPECT_EQ(Join({{"[{", ""}, {" \"error\"", ""}, {" {}", ""}, {"}]", ""}}), "[{\n\"error\":\n{}\n}]\n");
}

TEST(GeminiBareJsonTest, BracesInStringsDoNotCount) {
  EXPECT_EQ(Join({{"{", ""}, {"\"a\"", R"("}\"}",)"}, {"\"b\"", "\"{\""}, {"}", ""}}),
            "{\n\"a\":\"}\\\"}\",\n\"b\":\"{\"\n}\n");
}

TEST(GeminiBareJsonTest, LinesOutsideOfADocumentAreIgnored) {
  BareJson json;
  for (const char* line : {"hello", "}", "]", "\"error\"", ""}) EXPECT_FALSE(json.Add(line, "{")) << line;
  EXPECT_TRUE(json.Add("{}", ""));
}

TEST(GeminiBareJsonTest, OneDocumentAfterTheOther) {
  BareJson json;
  EXPECT_TRUE(json.Add("{\"a\"", "1}"));
  EXPECT_EQ(json.text(), "{\"a\":1}\n");
  EXPECT_TRUE(json.Add("{\"b\"", "2}"));
  EXPECT_EQ(json.text(), "{\"b\":2}\n");
}

TEST(GeminiBareJsonTest, WhatIsTooLongIsGivenUp) {
  BareJson json;
  EXPECT_FALSE(json.Add("{", ""));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(json.Add(std::string(1000, 'x'), ""));
  EXPECT_FALSE(json.Add("}", ""));
  EXPECT_TRUE(json.Add("{}", ""));
}

}  // namespace
}  // namespace sluice::dialect::gemini
