#include "server/config/yaml.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/config/environment.h"

namespace sluice::config {
namespace {

std::string SyntaxError(const std::string& text) {
  Problems problems("f.yaml");
  ParseYaml(text, &problems);
  return std::string(problems.ToStatus().message());
}

YamlPtr Parse(const std::string& text) {
  Problems problems("f.yaml");
  YamlPtr root = ParseYaml(text, &problems);
  EXPECT_EQ(problems.ToStatus().message(), "");
  return root;
}

TEST(YamlTest, KeepsOrderLinesAndRepeatedKeys) {
  const YamlPtr root = Parse("a: 1\nb: [x, 'y']\na:\n");
  ASSERT_EQ(root->kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root->entries.size(), 3u);
  EXPECT_EQ(root->entries[0].value->scalar, "1");
  EXPECT_EQ(root->entries[1].line, 2);
  EXPECT_EQ(root->entries[1].value->items[1]->scalar, "y");
  EXPECT_EQ(root->entries[2].key, "a");
  EXPECT_EQ(root->entries[2].line, 3);
  EXPECT_EQ(root->entries[2].value->kind, YamlNode::Kind::kNull);
}

TEST(YamlTest, NothingAtAllIsNull) {
  EXPECT_EQ(Parse("")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(Parse("# just a remark\n")->kind, YamlNode::Kind::kNull);
}

TEST(YamlTest, AnAliasSharesItsAnchorsValue) {
  const YamlPtr root = Parse("a: &t {x: 1}\nb: *t\n");
  EXPECT_EQ(root->entries[0].value, root->entries[1].value);
}

TEST(YamlTest, SyntaxErrorsNameTheLine) {
  EXPECT_EQ(SyntaxError("a: 1\nb: [1\nc: 2\n").substr(0, 26), "f.yaml:3: not valid YAML (");
  EXPECT_EQ(SyntaxError("a: *nowhere\n").substr(0, 26), "f.yaml:1: not valid YAML (");
  EXPECT_TRUE(IsValidUtf8(SyntaxError("a: \"\\\xD1\xAA\"\n")));
}

TEST(YamlTest, RefusesWhatWouldBeReadOtherwiseThanMeant) {
  EXPECT_EQ(SyntaxError("a: 1\n---\na: 2\n"),
            "f.yaml: more than one YAML document; keep only one, without lines of ---");
  EXPECT_EQ(SyntaxError("a: 1\nb: !vault x\n"),
            "f.yaml:2: YAML tags are not supported; remove the word that begins with '!'");
  EXPECT_EQ(SyntaxError("? [a]\n: 1\n"), "f.yaml:1: a field's name is missing or is not plain text");
  EXPECT_EQ(SyntaxError("a: &a [*a]\n"), "f.yaml:1: an alias inside the value it stands for; write the value out");
  EXPECT_EQ(SyntaxError("a: 1\n\x04\nb: 2\n"), "f.yaml:2: a control character; the file has to be plain UTF-8 text");
  EXPECT_EQ(SyntaxError(std::string("a: 1\n\0b", 7)),
            "f.yaml:2: a control character; the file has to be plain UTF-8 text");
  EXPECT_EQ(SyntaxError("a: \xC3\xA9\nb: \xFF\n"),
            "f.yaml:2: bytes that are not UTF-8; the file has to be plain UTF-8 text");
  EXPECT_EQ(SyntaxError("a: \xE2\x82"), "f.yaml:1: bytes that are not UTF-8; the file has to be plain UTF-8 text");
}

TEST(YamlTest, AnEscapeThatIsNotReadAsUtf8IsRefusedInNamesAndValues) {
  const std::string why = "f.yaml:2: an escape \\N or \\_, which is not read right; write the character itself";
  EXPECT_EQ(SyntaxError("a:\n  \"x\\Ny\": 1\n"), why);
  EXPECT_EQ(SyntaxError("a:\n  x: \"\\_\"\n"), why);
  EXPECT_EQ(SyntaxError("a: \"\\u0085\"\n"), "");
}

TEST(YamlTest, AliasBombsAreDefused) {
  std::string wide = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 1000; ++i) {
    const std::string item = absl::StrCat("*a", i - 1);
    if (i < 12) absl::StrAppend(&wide, "a", i, ": &a", i, " [", item, ",", item, ",", item, ",", item, "]\n");
    absl::StrAppend(&deep, "a", i, ": &a", i, " [", item, "]\n");
  }
  const std::string error = "too many values or too deeply nested, with aliases written out";
  EXPECT_NE(SyntaxError(wide).find(error), std::string::npos);
  EXPECT_NE(SyntaxError(deep).find(error), std::string::npos);
}

TEST(YamlTest, BoundsSizeAndNesting) {
  EXPECT_EQ(SyntaxError(std::string(kMaxFileBytes + 1, '#')), "f.yaml: larger than 1048576 bytes");
  EXPECT_EQ(SyntaxError(std::string(kMaxFileBytes, '#')), "");
  EXPECT_NE(SyntaxError(std::string(500'000, '[')), "");
  EXPECT_NE(SyntaxError(absl::StrCat(std::string(40, '['), std::string(40, ']'))), "");
  EXPECT_EQ(SyntaxError(absl::StrCat(std::string(30, '['), std::string(30, ']'))), "");
}

}  // namespace
}  // namespace sluice::config
