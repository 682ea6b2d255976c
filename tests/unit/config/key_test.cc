#include "server/config/key.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::config {
namespace {

TEST(KeyTest, TakesKeysAsProvidersIssueThem) {
  for (const char* key :
       {"HS-f3Rq8Wm2Lx7Zt5Kc9Vb1", "sk-proj-Ab_9-xX7yZ-0123456789", "sk-ant-api03-AbCd-_eF", "gsk_abcDEF0123", "EMPTY",
        "test", "no-key", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_", "AIzaSyA-1xxx2"}) {
    EXPECT_TRUE(CheckKey(key, "").ok()) << key;
  }
}

TEST(KeyTest, RefusesPlaceholders) {
  for (const char* key : {"YOUR_API_KEY",
                          "your-api-key",
                          "HS-YOUR-KEY-HERE",
                          "HS-YOUR_HOLYSHEEP_KEY",
                          "YOUR_HOLYSHEEP_API_KEY",
                          "changeme",
                          "ChangeMe",
                          "change-me",
                          "sk-xxx",
                          "sk-XXXXXXXX",
                          "sk-...",
                          "HS-xxx...",
                          "sk-****",
                          "<api-key>",
                          "<YOUR KEY>",
                          "HS-<key>-your-own",
                          "$HOLYSHEEP_API_KEY",
                          "${KEY",
                          "{{key}}",
                          "[key]",
                          "replace_me",
                          "api_key",
                          "placeholder",
                          "sk-my-api-key",
                          "secret",
                          "xxx",
                          "..."}) {
    EXPECT_FALSE(CheckKey(key, "").ok()) << key;
  }
  EXPECT_EQ(CheckKey("YOUR_API_KEY", "").message(),
            "this is a placeholder, not a key; put the key that the provider gave you");
}

TEST(KeyTest, RefusesWhatNoHeaderTakes) {
  for (const std::string key : {"HS- a", "HS-a\n", "HS-a\tb", "HS-\x7f", "HS-\xc3\xbc", " HS-a"}) {
    EXPECT_EQ(CheckKey(key, "").message(),
              "the key holds a space, a line break or another character that no key has; copy it again");
  }
  EXPECT_EQ(CheckKey("", "").message(), "the key is empty; give one, or remove the field if the upstream takes none");
}

TEST(KeyTest, TellsThePrefixAndNotTheKey) {
  EXPECT_TRUE(CheckKey("HS-abc", "HS-").ok());
  EXPECT_EQ(CheckKey("sk-abc", "HS-").message(),
            "the key does not begin with \"HS-\"; it probably belongs to another provider");
  EXPECT_EQ(CheckKey("HS-", "HS-").message(), "the key is nothing but its prefix \"HS-\"; copy it again");
}

}  // namespace
}  // namespace sluice::config
