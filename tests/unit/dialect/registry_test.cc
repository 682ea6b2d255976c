#include <gtest/gtest.h>

#include "server/dialect/codec.h"

namespace sluice::dialect {
namespace {

TEST(RegistryTest, EveryNameFindsItsCodec) {
  ASSERT_EQ(CodecNames(), (std::vector<absl::string_view>{"openai", "anthropic", "gemini"}));
  for (const absl::string_view name : CodecNames()) {
    const Codec* codec = FindCodec(name);
    ASSERT_NE(codec, nullptr) << name;
    EXPECT_EQ(codec->name(), name);
  }
}

TEST(RegistryTest, UnknownNamesFindNothing) {
  for (const char* name : {"", "OpenAI", "Anthropic"}) EXPECT_EQ(FindCodec(name), nullptr) << name;
}

}  // namespace
}  // namespace sluice::dialect
