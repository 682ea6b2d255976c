#include "server/config/check_traces.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

using ::testing::HasSubstr;

Traces Good(const std::string& fields) {
  const auto snapshot = Load(WithUpstream(absl::StrCat("traces: {", fields, "}\n")));
  EXPECT_TRUE(snapshot.ok()) << snapshot.status();
  return snapshot.ok() ? (*snapshot)->traces : Traces();
}

std::string Bad(const std::string& fields) { return ErrorsOf(WithUpstream(absl::StrCat("traces: {", fields, "}\n"))); }

TEST(CheckTracesTest, WithoutASectionThereAreNone) {
  const auto snapshot = Load(WithUpstream(""));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->traces, Traces());
  EXPECT_EQ(Traces().address, "");
}

TEST(CheckTracesTest, ACollectorIsAnAddressWithOrWithoutTls) {
  EXPECT_EQ(Good("endpoint: \"http://collector:4317\""), (Traces{"collector:4317", false, 0.1, "sluice", {}, ""}));
  EXPECT_EQ(Good("endpoint: \"https://otlp.example\", sample: 1, service_name: gateway"),
            (Traces{"otlp.example:4317", true, 1, "gateway", {}, ""}));
  EXPECT_EQ(Good("endpoint: \"http://[::1]:99\", sample: 0").address, "[::1]:99");
}

TEST(CheckTracesTest, ACollectorMayHaveAnAuthorityOfItsOwn) {
  EXPECT_EQ(Good("endpoint: \"https://c\", ca_file: ca.crt").ca_pem, kCertificate);
  FakeWorld world;
  world.files["ca.crt"] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(ErrorsOf(WithUpstream("traces: {endpoint: \"https://c\", ca_file: ca.crt}\n"), world),
              HasSubstr("traces.ca_file: the file named here holds a certificate that cannot be read"));
}

TEST(CheckTracesTest, HeadersAreSecretsAndNotForPlaintext) {
  const Traces traces = Good("endpoint: \"https://otlp.example\", headers: {x-key: abc}");
  ASSERT_EQ(traces.headers.size(), 1u);
  EXPECT_EQ(traces.headers[0].first, "x-key");
  EXPECT_EQ(traces.headers[0].second.Reveal(), "abc");
  EXPECT_EQ(Good("endpoint: \"http://127.0.0.1:4317\", headers: {x-key: abc}").headers.size(), 1u);
  EXPECT_THAT(Bad("endpoint: \"http://collector:4317\", headers: {x-key: abc}"),
              HasSubstr("traces.endpoint: plaintext http to another machine would show traces.headers"));
}

TEST(CheckTracesTest, WhatIsWrongIsNamed) {
  const std::string at = "endpoint: \"http://c:4317\"";
  EXPECT_THAT(Bad("endpoint: \"https://c\", ca_file: nowhere.pem"), HasSubstr("traces.ca_file: "));
  EXPECT_THAT(Bad(at + ", ca_file: ca.pem"), HasSubstr("traces.ca_file: is of no use with a plaintext endpoint"));
  EXPECT_THAT(Bad("sample: 0.5"), HasSubstr("traces.endpoint: required where traces has anything"));
  EXPECT_THAT(Bad("endpoint: \"collector:4317\""), HasSubstr("traces.endpoint: not the address of a collector"));
  EXPECT_THAT(Bad("endpoint: \"grpc://c:4317\""), HasSubstr("write it as http://HOST:4317 or https://HOST:4317"));
  EXPECT_THAT(Bad("endpoint: \"http://c:4318/v1/traces\""), HasSubstr("traces.endpoint: remove the path"));
  EXPECT_THAT(Bad(at + ", sample: 1.5"), HasSubstr("traces.sample: 1.5 is out of range; take 0 to 1"));
  EXPECT_THAT(Bad(at + ", sample: -1"), HasSubstr("traces.sample: -1 is out of range"));
  EXPECT_THAT(Bad(at + ", service_name: \"\""), HasSubstr("traces.service_name: must not be empty"));
  EXPECT_THAT(Bad(at + ", smaple: 1"), HasSubstr("traces.smaple"));
  for (const char* name : {"X-Key", "grpc-timeout", "key-bin", "a b"}) {
    EXPECT_THAT(Bad(absl::StrCat(at, ", headers: {\"", name, "\": v}")), HasSubstr("not a name for gRPC metadata"))
        << name;
  }
  EXPECT_THAT(Bad(at + ", headers: {x: \"a\\nb\"}"), HasSubstr("traces.headers.x: the value holds something else"));
}

}  // namespace
}  // namespace sluice::config
