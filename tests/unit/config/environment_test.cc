#include "server/config/environment.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace sluice::config {
namespace {

using Variables = std::map<std::string, std::string>;

TEST(EnvFileTest, ReadsTheFormsPeopleWrite) {
  const auto variables = ParseEnvFile(
      "# keys\n\nPLAIN=value\nexport EXPORTED=HS-1\r\nSPACES=  around  \nREMARK=text # a remark\nHASH=a#b\n"
      "EQUALS=a=b==\nEMPTY=\nSINGLE='as it \\n stands # here'\nDOUBLE=\"a \\\"b\\\" \\\\ \\n c\"  # remark\n"
      "PLAIN=later wins",
      "f.env");
  ASSERT_TRUE(variables.ok()) << variables.status();
  EXPECT_EQ(*variables, (Variables{{"PLAIN", "later wins"},
                                   {"EXPORTED", "HS-1"},
                                   {"SPACES", "around"},
                                   {"REMARK", "text"},
                                   {"HASH", "a#b"},
                                   {"EQUALS", "a=b=="},
                                   {"EMPTY", ""},
                                   {"SINGLE", "as it \\n stands # here"},
                                   {"DOUBLE", "a \"b\" \\ \n c"}}));
}

TEST(EnvFileTest, NamesEveryBadLineAndShowsNone) {
  const auto variables = ParseEnvFile("HS-secret\n1A=HS-secret\nB='HS-secret\nC=\"HS-secret\" more\n", "f.env");
  EXPECT_EQ(variables.status().message(),
            "f.env:1: not a NAME=VALUE line; names are letters, digits and _\n"
            "f.env:2: not a NAME=VALUE line; names are letters, digits and _\n"
            "f.env:3: B: the value's quote is not closed\n"
            "f.env:4: C: text after the closing quote; remove it");
}

TEST(EnvFileTest, SpaceBeforeTheEqualsSignIsRefusedAsShellsDo) {
  EXPECT_EQ(ParseEnvFile("A = b\n", "f.env").status().message(),
            "f.env:1: not a NAME=VALUE line; names are letters, digits and _");
}

TEST(EnvironmentTest, TheRealEnvironmentWinsOverAFile) {
  Environment base;
  base.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "BOTH") return "real";
    return std::nullopt;
  };
  const Environment both = WithFallback(base, {{"BOTH", "file"}, {"FILE", "file"}});
  EXPECT_EQ(both.variable("BOTH"), "real");
  EXPECT_EQ(both.variable("FILE"), "file");
  EXPECT_EQ(both.variable("NEITHER"), std::nullopt);
}

TEST(EnvironmentTest, ReadsVariablesAndFilesOfTheProcess) {
  const Environment environment = ProcessEnvironment();
  EXPECT_NE(environment.variable("PATH"), std::nullopt);
  EXPECT_EQ(environment.variable("SLUICE_TEST_NO_SUCH_VARIABLE"), std::nullopt);

  const std::string path = absl::StrCat(testing::TempDir(), "/sluice_environment_test");
  std::ofstream(path) << "content\n";
  EXPECT_EQ(environment.read_file(path).value(), "content\n");
  std::ofstream(path) << std::string(kMaxFileBytes, 'x');
  EXPECT_EQ(environment.read_file(path)->size(), kMaxFileBytes);
  std::ofstream(path) << std::string(kMaxFileBytes + 1, 'x');
  EXPECT_EQ(environment.read_file(path).status().message(), "it is larger than 1048576 bytes");
  std::filesystem::remove(path);
  EXPECT_EQ(environment.read_file(path).status().message(), "No such file or directory");
  EXPECT_EQ(environment.read_file(testing::TempDir()).status().message(), "it is a directory");
}

}  // namespace
}  // namespace sluice::config
