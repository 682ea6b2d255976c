#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "server/http/channel.h"
#include "tests/unit/http/test_certificate.h"
#include "tests/unit/http/test_client.h"

namespace sluice::http {
namespace {

Options TlsOptions() {
  Options options;
  options.tls = std::make_unique<TlsFiles>(MakeTestCertificate());
  return options;
}

void Echo(Request request, const std::shared_ptr<Responder>& responder) {
  responder->Send(200, "text/plain", request.body.empty() ? request.path : request.body);
}

TEST(Tls, WhatIsNoCertificateIsRefusedInWords) {
  TlsFiles files = MakeTestCertificate();
  files.certificate_chain = "/etc/cert.pem";
  const auto factory = TlsFactory::Create(files);
  EXPECT_EQ(factory.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(factory.status().message().find("certificate chain"), absl::string_view::npos);
}

TEST(Tls, WhatIsNoKeyIsRefusedInWords) {
  TlsFiles files = MakeTestCertificate();
  files.private_key = "secret-that-is-no-pem";
  const auto factory = TlsFactory::Create(files);
  EXPECT_EQ(factory.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(factory.status().message().find("private key"), absl::string_view::npos);
  EXPECT_EQ(factory.status().message().find("secret"), absl::string_view::npos);
}

TEST(Tls, AKeyOfAnotherCertificateIsRefused) {
  TlsFiles files = MakeTestCertificate();
  files.private_key = MakeTestCertificate().private_key;
  EXPECT_EQ(TlsFactory::Create(files).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(Tls, ServesRequestsOneAfterTheOther) {
  const auto server = Server::Start(TlsOptions(), Echo);
  ASSERT_TRUE(server.ok()) << server.status();
  TestClient client((*server)->port(), /*tls=*/true);
  ASSERT_TRUE(client.connected());
  client.Get("/one");
  EXPECT_EQ(client.ReadReply().body, "/one");
  client.Get("/two");
  EXPECT_EQ(client.ReadReply().body, "/two");
}

TEST(Tls, CarriesBodiesOfManyRecordsBothWays) {
  const auto server = Server::Start(TlsOptions(), Echo);
  ASSERT_TRUE(server.ok()) << server.status();
  TestClient client((*server)->port(), /*tls=*/true);
  const std::string body(3 << 20, 'b');
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_TRUE(client.ReadReply().body == body);
}

TEST(Tls, Version12IsTaken) {
  const auto server = Server::Start(TlsOptions(), Echo);
  TestClient client((*server)->port(), /*tls=*/true, TLS1_2_VERSION);
  ASSERT_TRUE(client.connected());
  client.Get("/");
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST(Tls, Version11IsRefused) {
  const auto server = Server::Start(TlsOptions(), Echo);
  TestClient client((*server)->port(), /*tls=*/true, TLS1_1_VERSION);
  EXPECT_FALSE(client.connected());
}

TEST(Tls, PlaintextOnATlsPortIsClosed) {
  const auto server = Server::Start(TlsOptions(), Echo);
  TestClient client((*server)->port());
  client.Get("/");
  EXPECT_EQ(client.ReadToEnd().find("HTTP/"), std::string::npos);
}

}  // namespace
}  // namespace sluice::http
