#include "server/config/check_upstream.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

// The errors of an upstream "u" whose only line (2) is `fields`, without what they all begin with.
std::string ErrorsOfUpstream(const std::string& fields) {
  std::string errors = ErrorsOf(absl::StrCat("upstreams:\n  u: {", fields, "}\n"));
  const std::string start = "sluice.yaml:2: upstreams.u.";
  return errors.compare(0, start.size(), start) == 0 ? errors.substr(start.size()) : errors;
}
std::string ErrorsOfGood(const std::string& more) {
  return ErrorsOfUpstream(absl::StrCat("dialect: openai, base_url: \"https://a.example/v1\", ", more));
}
std::string ErrorsOfUrl(const std::string& url) {
  return ErrorsOfUpstream(absl::StrCat("dialect: openai, base_url: \"", url, "\""));
}

TEST(CheckUpstreamTest, FillsInDefaults) {
  const auto snapshot = Load(WithUpstream(""));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  Upstream expected;
  expected.name = "relay";
  expected.dialect = "openai";
  expected.base_url = "https://relay.example/v1";
  EXPECT_EQ((*snapshot)->upstreams, std::vector<Upstream>{expected});
  EXPECT_EQ(expected.timeouts.total, absl::Minutes(30));
  EXPECT_EQ(expected.pool.connections, 1024);
  EXPECT_EQ(expected.retry.attempts, 3);
}

TEST(CheckUpstreamTest, NeedsDialectAndUrl) {
  EXPECT_EQ(ErrorsOf("upstreams:\n  u:\n"),
            "sluice.yaml:2: upstreams.u.dialect: required; one of: anthropic, openai\n"
            "sluice.yaml:2: upstreams.u.base_url: required, as in https://api.openai.com/v1");
  EXPECT_EQ(ErrorsOfUpstream("dialect: opnai, base_url: \"https://a.example\""),
            "dialect: unknown dialect (did you mean \"openai\"?); known: anthropic, openai");
}

TEST(CheckUpstreamTest, NamesAreForLabels) {
  EXPECT_EQ(ErrorsOf("upstreams:\n  \"a b\": {dialect: openai, base_url: \"https://a.example\"}\n"),
            "sluice.yaml:2: upstreams.a b: an upstream's name is made of 1 to 64 letters, digits, '.', '_' and '-'");
  EXPECT_NE(
      ErrorsOf(absl::StrCat("upstreams:\n  ", std::string(65, 'a'), ": {dialect: openai, base_url: \"https://a\"}\n")),
      "");
  EXPECT_EQ(
      ErrorsOf(absl::StrCat("upstreams:\n  ", std::string(64, 'a'), ": {dialect: openai, base_url: \"https://a\"}\n")),
      "");
}

TEST(CheckUpstreamTest, UrlsAreChecked) {
  EXPECT_EQ(ErrorsOfUrl("api.example/v1"), "base_url: not a URL to call: it does not begin with a scheme and ://");
  EXPECT_EQ(ErrorsOfUrl("ftp://api.example"),
            "base_url: not a URL to call: it has to begin with https:// (or http://)");
  EXPECT_EQ(ErrorsOfUrl("https://api.example/v1/"), "base_url: remove the slash at the end");
  EXPECT_EQ(ErrorsOfUrl("https://api.example/v1?key=1"),
            "base_url: not a URL to call: it has a query or fragment; remove what follows the ? or #");
  EXPECT_EQ(ErrorsOfUrl(absl::StrCat("https://", kKey, "@api.example/v1")),
            "base_url: not a URL to call: it holds a user or password; the key belongs into api_key");
  EXPECT_EQ(ErrorsOfUrl("https:///v1"), "base_url: not a URL to call: the host is missing or malformed");
}

TEST(CheckUpstreamTest, PlaintextToOthersHasToBeAskedForInWords) {
  EXPECT_EQ(ErrorsOfUrl("http://127.0.0.1:8080/v1"), "");
  EXPECT_EQ(ErrorsOfUrl("http://localhost:8080"), "");
  EXPECT_EQ(ErrorsOfUrl("http://[::1]:8080"), "");
  EXPECT_EQ(ErrorsOfUrl("http://model.internal/v1"),
            "base_url: plaintext http to another machine shows key and prompts to the network; use https, or set "
            "upstreams.u.insecure to true");
  EXPECT_EQ(ErrorsOfUpstream("dialect: openai, base_url: \"http://model.internal/v1\", insecure: true"), "");
  EXPECT_EQ(ErrorsOfGood("insecure: true"), "insecure: remove it: base_url is https, which is never sent in plaintext");
}

TEST(CheckUpstreamTest, KeysComeFromAValueOrAFile) {
  for (const char* fields : {"api_key: \"${HOLYSHEEP_API_KEY}\", api_key_prefix: HS-", "api_key_file: key"}) {
    const auto snapshot =
        Load(absl::StrCat("upstreams:\n  u: {dialect: openai, base_url: \"https://a.example\", ", fields, "}\n"));
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    EXPECT_EQ((*snapshot)->upstreams[0].api_key.Reveal(), kKey);
  }
  EXPECT_EQ(ErrorsOfGood("api_key: \"HS-abc\", api_key_file: key"),
            "api_key_file: given together with api_key; keep one of the two");
  EXPECT_EQ(ErrorsOfGood("api_key_file: gone"),
            "api_key_file: cannot read the file named here: No such file or directory");
}

TEST(CheckUpstreamTest, KeysAreCheckedAndNeverShown) {
  EXPECT_EQ(ErrorsOfGood("api_key: YOUR_API_KEY"),
            "api_key: this is a placeholder, not a key; put the key that the provider gave you");
  EXPECT_EQ(ErrorsOfGood("api_key: \"sk-f3Rq8Wm2Lx7\", api_key_prefix: HS-"),
            "api_key: the key does not begin with \"HS-\"; it probably belongs to another provider");
  EXPECT_EQ(ErrorsOfGood("api_key: \"\""),
            "api_key: the key is empty; give one, or remove the field if the upstream takes none");
  const std::string as_prefix = ErrorsOfGood(absl::StrCat("api_key_prefix: ", kKey));
  EXPECT_EQ(as_prefix, "api_key_prefix: longer than 16 characters; give what keys begin with, not the key");
}

TEST(CheckUpstreamTest, NoMistakeShowsTheKey) {
  const std::string key = kKey;
  for (const char* field :
       {"api_key: ' KEY'", "api_key_file: KEY", "api_key_prefix: KEY", "base_url: KEY", "dialect: KEY", "proxy: KEY",
        "ca_file: KEY", "headers: {X-A: \"KEY\\n\"}", "api_key: [KEY]", "timeouts: KEY",
        "http2: \"${HOLYSHEEP_API_KEY}\"", "timeouts: {idle: \"${HOLYSHEEP_API_KEY}\"}",
        "base_url: \"https://KEY@a.example\"", "base_url: \"https://a.example/?k=KEY\"",
        "defaults: {max_tokens: \"${HOLYSHEEP_API_KEY}\"}", "api_key: \"${KEY}\""}) {
    std::string yaml = field;
    for (size_t at; (at = yaml.find("KEY")) != std::string::npos && yaml.find("_KEY") == std::string::npos;) {
      yaml.replace(at, 3, key);
    }
    const std::string errors = ErrorsOf(absl::StrCat("upstreams:\n  u:\n    ", yaml, "\n"));
    EXPECT_NE(errors, "") << field;
    EXPECT_EQ(errors.find(key.substr(3)), std::string::npos) << field << "\n" << errors;
  }
}

TEST(CheckUpstreamTest, DurationsHaveARange) {
  EXPECT_EQ(ErrorsOfGood("timeouts: {connect: 0s}"),
            "timeouts.connect: 0 is out of range; take more than 0 and at most 24h");
  EXPECT_EQ(ErrorsOfGood("timeouts: {idle: -1s}"),
            "timeouts.idle: -1s is out of range; take more than 0 and at most 24h");
  EXPECT_EQ(ErrorsOfGood("timeouts: {total: 25h}"),
            "timeouts.total: 25h is out of range; take more than 0 and at most 24h");
  EXPECT_EQ(ErrorsOfGood("timeouts: {total: 24h, first_byte: 1ms}"), "");
  EXPECT_EQ(ErrorsOfGood("pool: {idle_expiry: -1s}"), "pool.idle_expiry: -1s is out of range; take 0 to 24h");
  EXPECT_EQ(ErrorsOfGood("pool: {idle_expiry: 0s}"), "");
}

TEST(CheckUpstreamTest, EachTimeoutArrivesInItsPlace) {
  const auto snapshot =
      Load(WithUpstream("    timeouts: {pool: 1s, connect: 2s, tls: 3s, send: 4s, first_byte: 5s, first_output: 6s, "
                        "idle: 7s, total: 8s500ms}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const Timeouts expected = {absl::Seconds(1), absl::Seconds(2), absl::Seconds(3), absl::Seconds(4),
                             absl::Seconds(5), absl::Seconds(6), absl::Seconds(7), absl::Milliseconds(8500)};
  EXPECT_EQ((*snapshot)->upstreams[0].timeouts, expected);
}

TEST(CheckUpstreamTest, PoolsHaveARange) {
  EXPECT_EQ(ErrorsOfGood("pool: {connections: 0, idle: 5}"), "pool.connections: 0 is out of range; take 1 to 65535");
  EXPECT_EQ(ErrorsOfGood("pool: {connections: 65536}"), "pool.connections: 65536 is out of range; take 1 to 65535");
  EXPECT_EQ(ErrorsOfGood("pool: {connections: 10, idle: 11}"), "pool.idle: 11 is out of range; take 0 to 10");
  EXPECT_EQ(ErrorsOfGood("pool: {connections: 65535, idle: 0}"), "");
  const auto small = Load(WithUpstream("    pool: {connections: 8}\n"));
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_EQ((*small)->upstreams[0].pool.idle, 8);
}

TEST(CheckUpstreamTest, RetriesArriveInTheirPlaces) {
  const auto snapshot = Load(WithUpstream("    retry: {attempts: 10, base: 1s, cap: 2s, budget: 0.5}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->upstreams[0].retry, (Retry{10, absl::Seconds(1), absl::Seconds(2), 0.5}));
  const auto defaults = Load(WithUpstream("    retry: {}\n"));
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_EQ((*defaults)->upstreams[0].retry, (Retry{3, absl::Milliseconds(250), absl::Seconds(8), 0.2}));
}

TEST(CheckUpstreamTest, RetriesHaveARange) {
  EXPECT_EQ(ErrorsOfGood("retry: {attempts: 0}"), "retry.attempts: 0 is out of range; take 1 to 10");
  EXPECT_EQ(ErrorsOfGood("retry: {attempts: 11}"), "retry.attempts: 11 is out of range; take 1 to 10");
  EXPECT_EQ(ErrorsOfGood("retry: {base: 0s}"), "retry.base: 0 is out of range; take more than 0 and at most 24h");
  EXPECT_EQ(ErrorsOfGood("retry: {cap: 25h}"), "retry.cap: 25h is out of range; take more than 0 and at most 24h");
  EXPECT_EQ(ErrorsOfGood("retry: {budget: 1.01}"), "retry.budget: 1.01 is out of range; take 0 to 1");
  EXPECT_EQ(ErrorsOfGood("retry: {budget: -0.1}"), "retry.budget: -0.1 is out of range; take 0 to 1");
  EXPECT_EQ(ErrorsOfGood("retry: {budget: nan}"), "retry.budget: nan is out of range; take 0 to 1");
  EXPECT_EQ(ErrorsOfGood("retry: {attempts: 1, base: 1ns, cap: 1ns, budget: 0}"), "");
  EXPECT_EQ(ErrorsOfGood("retry: {base: 24h, budget: 1}"), "");
}

TEST(CheckUpstreamTest, TheCapOfBackoffIsNoLessThanItsBase) {
  EXPECT_EQ(ErrorsOfGood("retry: {base: 2s, cap: 1s}"),
            "retry.cap: 1s is less than retry.base, which is 2s; take as much or more");
  EXPECT_EQ(ErrorsOfGood("retry: {cap: 249ms}"),
            "retry.cap: 249ms is less than retry.base, which is 250ms; take as much or more");
  EXPECT_EQ(ErrorsOfGood("retry: {base: -1s, cap: 1ms}"),
            "retry.base: -1s is out of range; take more than 0 and at most 24h");
  const auto slow = Load(WithUpstream("    retry: {base: 10s}\n"));
  ASSERT_TRUE(slow.ok()) << slow.status();
  EXPECT_EQ((*slow)->upstreams[0].retry.cap, absl::Seconds(10));
}

TEST(CheckUpstreamTest, DefaultsHaveARange) {
  EXPECT_EQ(ErrorsOfGood("defaults: {temperature: 2.5}"), "defaults.temperature: 2.5 is out of range; take 0 to 2");
  EXPECT_EQ(ErrorsOfGood("defaults: {temperature: nan}"), "defaults.temperature: nan is out of range; take 0 to 2");
  EXPECT_EQ(ErrorsOfGood("defaults: {max_tokens: 0}"),
            "defaults.max_tokens: has to be 1 or more; remove it for no default");
  const auto zero = Load(WithUpstream("    defaults: {temperature: 0}\n"));
  ASSERT_TRUE(zero.ok()) << zero.status();
  EXPECT_EQ((*zero)->upstreams[0].default_temperature, 0.0);
  EXPECT_EQ((*zero)->upstreams[0].default_max_tokens, std::nullopt);
}

TEST(CheckUpstreamTest, HeadersOfTheGatewayAreRefused) {
  EXPECT_EQ(ErrorsOfGood("headers: {Authorization: x}"),
            "headers.Authorization: the gateway sets this header; put the key into api_key or api_key_file");
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Content-Type"}) {
    EXPECT_EQ(ErrorsOfGood(absl::StrCat("headers: {", name, ": x}")),
              absl::StrCat("headers.", name, ": the gateway sets this header itself; remove it"));
  }
  EXPECT_EQ(ErrorsOfGood("headers: {\"X A\": x}"), "headers.X A: not the name of an HTTP header");
  EXPECT_EQ(ErrorsOfGood("headers: {X-A: \"a\\r\\nHost: b\"}"),
            "headers.X-A: the value holds a line break or another control character; remove it");
  EXPECT_EQ(ErrorsOfGood("headers: {X-A: a, x-a: b}"), "headers.x-a: given twice in different case; keep one");
}

TEST(CheckUpstreamTest, HeadersMayHoldVariables) {
  const auto snapshot = Load(WithUpstream("    headers: {X-B: b, X-A: \"Bearer ${HOLYSHEEP_API_KEY}\"}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const auto& headers = (*snapshot)->upstreams[0].headers;
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].first, "X-A");
  EXPECT_EQ(headers[0].second.Reveal(), absl::StrCat("Bearer ", kKey));
}

TEST(CheckUpstreamTest, ProxyAndAuthorities) {
  const auto snapshot = Load(WithUpstream("    proxy: http://u:p@proxy:3128\n    ca_file: ca.crt\n    http2: true\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->upstreams[0].proxy.Reveal(), "http://u:p@proxy:3128");
  EXPECT_EQ((*snapshot)->upstreams[0].ca_file, "ca.crt");
  EXPECT_EQ((*snapshot)->upstreams[0].ca_pem, kCertificate);
  EXPECT_TRUE((*snapshot)->upstreams[0].http2);
  for (const char* bad : {"proxy:3128", "socks5://proxy:1", "http://proxy", "http://proxy:3128/x", ""}) {
    EXPECT_EQ(ErrorsOfGood(absl::StrCat("proxy: \"", bad, "\"")),
              "proxy: not a proxy's address; write http://host:port");
  }
  EXPECT_EQ(ErrorsOfGood("ca_file: key"), "ca_file: the file named here holds no PEM block of type CERTIFICATE");
}

}  // namespace
}  // namespace sluice::config
