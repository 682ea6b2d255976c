#include "server/config/address.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(AddressTest, KnowsLoopback) {
  for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1"})
    EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "128.0.0.1", "localhost.example", "127.0.0.1.example", "10.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

TEST(AddressTest, ReadsListenAddresses) {
  EXPECT_EQ(ParseListenAddress("0.0.0.0:50051")->port, 50051);
  EXPECT_EQ(ParseListenAddress("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseListenAddress("localhost:65535")->port, 65535);
  for (const char* bad : {"", ":50051", "50051", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                          "127.0.0.1:+1", "127.0.0.1:5x", "::1:80", "[::1]", "[::1:80", "[zz]:80", "gateway.example:80",
                          "127.0.0.1: 80", "127.0.0.1:000080"}) {
    EXPECT_FALSE(ParseListenAddress(bad).ok()) << bad;
  }
}

TEST(AddressTest, ReadsUrls) {
  const auto url = ParseUrl("https://api.example:8443/v1/x", false);
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->authority.host, "api.example");
  EXPECT_EQ(url->authority.port, 8443);
  EXPECT_EQ(url->path, "/v1/x");
  EXPECT_EQ(ParseUrl("http://[::1]/v1", false)->authority.host, "::1");
  EXPECT_EQ(ParseUrl("http://host", false)->authority.port, -1);
  for (const char* bad : {"", "api.example/v1", "https://", "https:///v1", "https://a b/v1", "https://a/v1?x=1",
                          "https://a/v1#x", "https://a?x=/", "https://a:0/v1", "https://a:99999/", "https://u@a/v1",
                          "https://a/\n", "https://b\xc3\xbc.example"}) {
    EXPECT_FALSE(ParseUrl(bad, false).ok()) << bad;
  }
}

TEST(AddressTest, TakesCredentialsOnlyWhereAllowedAndNeverQuotesThem) {
  const std::string url = "http://user:pass-word@proxy:3128";
  EXPECT_EQ(ParseUrl(url, true)->authority.host, "proxy");
  EXPECT_EQ(ParseUrl(url, false).status().message().find("pass-word"), absl::string_view::npos);
}

}  // namespace
}  // namespace sluice::config
