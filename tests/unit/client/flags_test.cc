#include "client/cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace sluice::cli {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Flags> Parse(const std::vector<std::string>& arguments,
                            const std::map<std::string, std::string>& environment = {}) {
  return ParseFlags(arguments, [&](const char* name) -> const char* {
    const auto it = environment.find(name);
    return it == environment.end() ? nullptr : it->second.c_str();
  });
}

TEST(Flags, DefaultsAreTheLocalGatewayInPlaintext) {
  const auto flags = Parse({"chat"});
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(flags->command, Command::kChat);
  EXPECT_EQ(flags->address, "127.0.0.1:50051");
  EXPECT_EQ(flags->model, "gpt-4.1");
  EXPECT_FALSE(flags->UsesTls());
  EXPECT_FALSE(flags->prompt.has_value());
  EXPECT_FALSE(flags->temperature.has_value());
}

TEST(Flags, ReadsEveryChatFlagInBothSpellings) {
  const auto flags = Parse({"chat", "--model", "m", "--system=be brief", "--temperature", "0", "--max-tokens=5",
                            "--json", "--timeout", "1m30s", "--request-id=r", "--address", "h:1", "hello there"});
  ASSERT_TRUE(flags.ok()) << flags.status();
  EXPECT_EQ(flags->model, "m");
  EXPECT_EQ(flags->system, "be brief");
  EXPECT_EQ(flags->temperature, 0.0);
  EXPECT_EQ(flags->max_tokens, 5);
  EXPECT_TRUE(flags->json);
  EXPECT_EQ(flags->timeout, absl::Seconds(90));
  EXPECT_EQ(flags->request_id, "r");
  EXPECT_EQ(flags->address, "h:1");
  EXPECT_EQ(flags->prompt, "hello there");
}

TEST(Flags, EnvironmentIsBelowFlagsAndAboveDefaults) {
  const std::map<std::string, std::string> environment = {{"SLUICE_ADDRESS", "env:1"}, {"SLUICE_MODEL", "env-model"}};
  EXPECT_EQ(Parse({"models"}, environment)->address, "env:1");
  EXPECT_EQ(Parse({"chat"}, environment)->model, "env-model");
  EXPECT_EQ(Parse({"models", "--address", "flag:2"}, environment)->address, "flag:2");
  EXPECT_EQ(Parse({"models"}, {{"SLUICE_ADDRESS", ""}})->address, "127.0.0.1:50051");
}

TEST(Flags, TlsIsTheDefaultOffThisMachineOnly) {
  for (const char* local : {"127.0.0.1:1", "127.1.2.3:1", "localhost:1", "[::1]:1", "unix:/run/s", "localhost"}) {
    EXPECT_FALSE(Parse({"health", "--address", local})->UsesTls()) << local;
  }
  for (const char* remote : {"gateway:1", "10.0.0.1:1", "localhost.example.com:1", "dns:///gateway:1"}) {
    EXPECT_TRUE(Parse({"health", "--address", remote})->UsesTls()) << remote;
  }
  EXPECT_FALSE(Parse({"health", "--address", "gateway:1", "--insecure"})->UsesTls());
  EXPECT_TRUE(Parse({"health", "--ca", "f"})->UsesTls());
}

TEST(Flags, ADashOrNothingMeansStandardInput) {
  EXPECT_FALSE(Parse({"chat", "-"})->prompt.has_value());
  EXPECT_EQ(Parse({"chat", "--", "--model"})->prompt, "--model");
}

TEST(Flags, HelpAnywhereWins) {
  EXPECT_EQ(Parse({"help"})->command, Command::kHelp);
  EXPECT_EQ(Parse({"--help"})->command, Command::kHelp);
  EXPECT_EQ(Parse({"chat", "--model", "m", "--help"})->command, Command::kHelp);
  EXPECT_EQ(Parse({"--version"})->command, Command::kVersion);
}

TEST(Flags, EveryMistakeSaysWhatToTypeInstead) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "sluice help"},
      {{"caht"}, "unknown command \"caht\""},
      {{"chat", "--modle", "m"}, "unknown flag --modle"},
      {{"chat", "-m"}, "after --"},
      {{"chat", "--model"}, "--model needs a value"},
      {{"chat", "--json=yes"}, "--json takes no value"},
      {{"chat", "--temperature", "warm"}, "such as 0.7"},
      {{"chat", "--temperature", "nan"}, "such as 0.7"},
      {{"chat", "--max-tokens", "1.5"}, "whole number"},
      {{"chat", "--timeout", "30"}, "such as 30s"},
      {{"chat", "--timeout", "-1s"}, "such as 30s"},
      {{"chat", "a", "b"}, "quotes"},
      {{"models", "x"}, "flags only"},
      {{"models", "--model", "m"}, "belongs to `sluice chat`"},
      {{"chat", "--insecure", "--ca", "f"}, "contradicts"},
      {{"chat", "--cert", "f"}, "go together"},
      {{"chat", "--address="}, "must not be empty"},
  };
  for (const auto& [arguments, says] : cases) {
    const auto flags = Parse(arguments);
    ASSERT_FALSE(flags.ok()) << says;
    EXPECT_THAT(std::string(flags.status().message()), HasSubstr(says));
  }
}

}  // namespace
}  // namespace sluice::cli
