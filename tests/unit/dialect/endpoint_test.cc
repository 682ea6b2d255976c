#include "server/dialect/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::dialect {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr Endpoint kUsual = {"/chat", "/models", "X-Key", "Key "};

Target At(std::string base_url) {
  Target target;
  target.base_url = std::move(base_url);
  target.api_key = "secret";
  return target;
}

TEST(Endpoint, TheDialectsOwnPathsAndHeader) {
  const HttpRequest chat = ChatRequestTo(At("https://x.test/v1"), kUsual, "m");
  EXPECT_EQ(chat.method, "POST");
  EXPECT_EQ(chat.url, "https://x.test/v1/chat");
  EXPECT_THAT(chat.headers, Contains(Pair("X-Key", "Key secret")));
  const HttpRequest list = ListModelsRequestTo(At("https://x.test/v1"), kUsual);
  EXPECT_EQ(list.method, "GET");
  EXPECT_EQ(list.url, "https://x.test/v1/models");
  EXPECT_THAT(list.headers, ElementsAre(Pair("Accept", "application/json"), Pair("X-Key", "Key secret")));
}

// As Azure OpenAI wants it.
TEST(Endpoint, AServersOwnPathAndHeader) {
  Target target = At("https://x.test");
  target.chat_path = "/openai/deployments/{model}/chat/completions?api-version=2024-10-21";
  target.auth_header = "api-key";
  const HttpRequest chat = ChatRequestTo(target, kUsual, "gpt 4/a?b#c\xC3\xA9");
  EXPECT_EQ(chat.url,
            "https://x.test/openai/deployments/gpt%204/a%3Fb%23c%C3%A9/chat/completions?api-version=2024-10-21");
  EXPECT_THAT(chat.headers, Contains(Pair("api-key", "secret")));
  target.auth_prefix = "Token ";
  EXPECT_THAT(ChatRequestTo(target, kUsual, "m").headers, Contains(Pair("api-key", "Token secret")));
}

TEST(Endpoint, NoKeySendsNoCredentialsAndTheTargetsHeadersComeLast) {
  Target target;
  target.base_url = "https://x.test";
  target.headers = {{"X-Extra", "1"}};
  EXPECT_THAT(ListModelsRequestTo(target, kUsual).headers,
              ElementsAre(Pair("Accept", "application/json"), Pair("X-Extra", "1")));
}

}  // namespace
}  // namespace sluice::dialect
