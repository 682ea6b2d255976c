#include "server/config/snapshot.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

TEST(SnapshotTest, DescribesItselfWithoutSecrets) {
  const auto snapshot = Load(
      "upstreams:\n"
      "  relay:\n"
      "    dialect: openai\n"
      "    base_url: https://relay.example/v1\n"
      "    api_key: ${HOLYSHEEP_API_KEY}\n"
      "    proxy: http://u:pass-word@proxy:3128\n"
      "    http2: true\n"
      "    headers: {X-A: \"${HOLYSHEEP_API_KEY}\"}\n"
      "  local: {dialect: openai, base_url: \"http://127.0.0.1:8080\"}\n"
      "routes:\n"
      "- {models: [\"*\", a], upstream: relay}\n"
      "- {models: [\"local/*\"], upstream: local, model: m}\n"
      "default_model: a\n");
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(
      Describe(**snapshot),
      "gRPC on 127.0.0.1:50051 (plaintext), operators on 127.0.0.1:9090; upstreams: local (openai at "
      "http://127.0.0.1:8080, no key, 1024 connections); relay (openai at https://relay.example/v1, with a key, "
      "through a proxy, HTTP/2, 1024 connections); routes: *, a to relay; local/* to local as m; default model a; "
      "drain within 10m.");
}

TEST(SnapshotTest, DescribesTheSimplestOne) {
  const auto snapshot = Load(WithUpstream("listen: {grpc: {tls: {cert: tls.crt, key: tls.key, client_ca: ca.crt}}}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(Describe(**snapshot),
            "gRPC on 127.0.0.1:50051 (mutual TLS), operators on 127.0.0.1:9090; upstreams: relay (openai at "
            "https://relay.example/v1, no key, 1024 connections); routes: everything to relay; drain within 10m.");
}

TEST(SnapshotTest, FindsUpstreamsByName) {
  const auto snapshot = Load(WithUpstream(""));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->FindUpstream("relay"), &(*snapshot)->upstreams[0]);
  EXPECT_EQ((*snapshot)->FindUpstream("rela"), nullptr);
}

TEST(SnapshotTest, AReloadSeesWhichUpstreamChanged) {
  const auto one = Load(WithUpstream("    api_key_file: key\n"));
  const auto same = Load(WithUpstream("    api_key_file: key\n# a remark\n"));
  FakeWorld rotated;
  rotated.files["key"] = "HS-n3wK3yN3wK3yN3wK3y";
  const auto other = Load(WithUpstream("    api_key_file: key\n"), rotated);
  ASSERT_TRUE(one.ok() && same.ok() && other.ok());
  EXPECT_EQ((*one)->upstreams[0], (*same)->upstreams[0]);
  EXPECT_NE((*one)->upstreams[0], (*other)->upstreams[0]);
  EXPECT_NE((*one)->files, (*other)->files);
}

}  // namespace
}  // namespace sluice::config
