#include "server/app/flags.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::app {
namespace {

using ::testing::HasSubstr;

Flags Parse(const std::vector<std::string>& arguments) {
  const auto flags = ParseFlags(arguments);
  EXPECT_TRUE(flags.ok()) << flags.status();
  return flags.value_or(Flags());
}

std::string Refusal(const std::vector<std::string>& arguments) {
  return std::string(ParseFlags(arguments).status().message());
}

TEST(FlagsTest, NothingServesByTheEnvironment) {
  const Flags flags = Parse({});
  EXPECT_EQ(flags.action, Flags::Action::kServe);
  EXPECT_EQ(flags.config, "");
  EXPECT_FALSE(flags.demo);
}

TEST(FlagsTest, AValueFollowsOrStandsBehindAnEqualsSign) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--config", "a=b.yaml", "--env-file", ".env", "--ports-file", "p"},
                                             {"--config=a=b.yaml", "--env-file=.env", "--ports-file=p"}}) {
    const Flags flags = Parse(arguments);
    EXPECT_EQ(flags.config, "a=b.yaml");
    EXPECT_EQ(flags.env_file, ".env");
    EXPECT_EQ(flags.ports_file, "p");
  }
}

TEST(FlagsTest, EachActionHasItsFlag) {
  EXPECT_EQ(Parse({"--help"}).action, Flags::Action::kHelp);
  EXPECT_EQ(Parse({"--version"}).action, Flags::Action::kVersion);
  EXPECT_EQ(Parse({"--check-config", "f"}).action, Flags::Action::kCheckConfig);
  EXPECT_EQ(Parse({"--check-config", "f"}).config, "f");
  const Flags decode = Parse({"--decode", "openai", "--split", "7"});
  EXPECT_EQ(decode.action, Flags::Action::kDecode);
  EXPECT_EQ(decode.decode, "openai");
  EXPECT_EQ(decode.split, 7u);
}

TEST(FlagsTest, TheDemoTakesAddresses) {
  const Flags usual = Parse({"--demo"});
  EXPECT_TRUE(usual.demo);
  EXPECT_EQ(usual.grpc_address, "127.0.0.1:50051");
  const Flags flags = Parse({"--demo", "--grpc-address", "127.0.0.1:0", "--ops-address=127.0.0.1:0"});
  EXPECT_EQ(flags.grpc_address, "127.0.0.1:0");
  EXPECT_EQ(flags.ops_address, "127.0.0.1:0");
  EXPECT_THAT(Refusal({"--config", "f", "--grpc-address", "x:1"}), HasSubstr("go with --demo"));
}

TEST(FlagsTest, WhatExcludesEachOtherIsRefused) {
  EXPECT_THAT(Refusal({"--config", "f", "--demo"}), HasSubstr("exclude each other"));
  EXPECT_THAT(Refusal({"--config", "f", "--check-config", "f"}), HasSubstr("exclude each other"));
  EXPECT_THAT(Refusal({"--decode", "sse", "--demo"}), HasSubstr("exclude each other"));
}

TEST(FlagsTest, WhatIsUnknownOrEmptyIsNamed) {
  EXPECT_THAT(Refusal({"--confg", "f"}), HasSubstr("\"--confg\""));
  EXPECT_THAT(Refusal({"f.yaml"}), HasSubstr("\"f.yaml\""));
  EXPECT_THAT(Refusal({"--demo=yes"}), HasSubstr("\"--demo=yes\""));
  EXPECT_THAT(Refusal({"--config"}), HasSubstr("--config needs a value"));
  EXPECT_THAT(Refusal({"--config="}), HasSubstr("--config needs a value"));
}

TEST(FlagsTest, ASplitIsANumberAndGoesWithDecode) {
  for (const char* split : {"0", "-1", "x", "1.5"}) {
    EXPECT_THAT(Refusal({"--decode", "sse", "--split", split}), HasSubstr("--split takes a number")) << split;
  }
  EXPECT_THAT(Refusal({"--split", "1"}), HasSubstr("goes with --decode"));
}

TEST(FlagsTest, TheUsageNamesEveryFlag) {
  for (const char* flag : {"--config", "--check-config", "--env-file", "--demo", "--grpc-address", "--ops-address",
                           "--ports-file", "--decode", "--split", "--version", "--help"}) {
    EXPECT_TRUE(absl::StrContains(kUsage, flag)) << flag;
  }
}

}  // namespace
}  // namespace sluice::app
