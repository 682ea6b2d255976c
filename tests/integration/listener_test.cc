// The callers' door: TLS, client certificates, health, reflection, metadata.

#include <gmock/gmock.h>

#include "tests/integration/harness.h"
#include "tests/integration/raw_call.h"

namespace sluice::integration {
namespace {

class Listener : public GatewayTest {
 protected:
  Listener() : server_(authority_.Issue()), caller_(callers_.Issue()) {}

  void StartTls(bool mutual) {
    tls_.grpc = absl::StrCat(", tls: {cert: tls.crt, key: tls.key", mutual ? ", client_ca: callers.crt" : "", "}");
    tls_.files = {{"tls.crt", server_.Pem()}, {"tls.key", server_.KeyPem()}, {"callers.crt", callers_.Pem()}};
    Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); }, tls_);
  }
  Answer ChatBy(const grpc::SslCredentialsOptions& credentials) {
    CallOptions call;
    call.timeout = std::chrono::seconds(20);
    return ReadAll(Client(Connect(gateway().grpc_port(), grpc::SslCredentials(credentials))).Chat(Ask(), call));
  }
  grpc::SslCredentialsOptions WithCertificate(const fakes::Certificate& certificate) {
    return {authority_.Pem(), certificate.KeyPem(), certificate.Pem()};
  }

  void Renew(const fakes::Certificate& certificate) {
    tls_.files["tls.crt"] = certificate.Pem();
    tls_.files["tls.key"] = certificate.KeyPem();
    gateway().Reload(Load(tls_));
  }
  double Expiry() { return Scrape().Sum("sluice_certificate_expiry_timestamp_seconds", {{"certificate", "server"}}); }

  Options tls_;
  const fakes::Authority authority_, callers_;
  const fakes::Certificate server_, caller_;
};
SLUICE_WITH_ENGINES(Listener);

TEST_P(Listener, ServesOverTlsToWhoTrustsItsAuthority) {
  StartTls(false);
  EXPECT_TRUE(ChatBy({authority_.Pem(), "", ""}).status.ok());
  EXPECT_EQ(ChatBy({callers_.Pem(), "", ""}).status.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Chat().status.code, grpc::StatusCode::UNAVAILABLE) << "plaintext was served";
  EXPECT_EQ(ChatsSeen(), 1);
}

TEST_P(Listener, WithAClientAuthorityOnlyItsCallersAreServed) {
  StartTls(true);
  EXPECT_TRUE(ChatBy(WithCertificate(caller_)).status.ok());
  EXPECT_EQ(ChatBy({authority_.Pem(), "", ""}).status.code, grpc::StatusCode::UNAVAILABLE) << "without a certificate";
  EXPECT_EQ(ChatBy(WithCertificate(authority_.Issue())).status.code, grpc::StatusCode::UNAVAILABLE)
      << "with another authority's";
  EXPECT_EQ(ChatsSeen(), 1);
}

TEST_P(Listener, ARenewedCertificateIsShownToTheNextConnection) {
  StartTls(false);
  const auto first = Connect(gateway().grpc_port(), grpc::SslCredentials({authority_.Pem(), "", ""}));
  ASSERT_TRUE(ReadAll(Client(first).Chat(Ask())).status.ok());
  EXPECT_NEAR(Expiry(), absl::ToDoubleSeconds(absl::Now() + absl::Hours(24) - absl::UnixEpoch()), 120);

  const fakes::Authority next;
  Renew(next.Issue({.valid_for_seconds = 3600}));
  EXPECT_NEAR(Expiry(), absl::ToDoubleSeconds(absl::Now() + absl::Hours(1) - absl::UnixEpoch()), 120);
  EXPECT_TRUE(ChatBy({next.Pem(), "", ""}).status.ok());
  EXPECT_EQ(ChatBy({authority_.Pem(), "", ""}).status.code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(ReadAll(Client(first).Chat(Ask())).status.ok()) << "a connection keeps what it shook hands with";
  for (const std::string& line : LogLines()) EXPECT_THAT(line, ::testing::Not(::testing::HasSubstr("restart")));
}

TEST_P(Listener, ACertificateWithoutItsKeyLeavesTheOldOneInForce) {
  StartTls(false);
  tls_.files["tls.crt"] = authority_.Issue().Pem();
  gateway().Reload(Load(tls_));
  EXPECT_EQ(Scrape().Sum("sluice_reloads_total", {{"result", "failed"}}), 1);
  EXPECT_TRUE(ChatBy({authority_.Pem(), "", ""}).status.ok());
}

TEST_P(Listener, ACertificateThatTlsDoesNotServeLeavesTheOldOneInForce) {
  StartTls(false);
  const double expiry = Expiry();
  Renew(authority_.Issue({.valid_for_seconds = 3600, .rsa_bits = 1024}));
  EXPECT_EQ(Scrape().Sum("sluice_config_last_reload_successful"), 0);
  EXPECT_EQ(Expiry(), expiry);
  EXPECT_TRUE(ChatBy({authority_.Pem(), "", ""}).status.ok());
}

TEST_P(Listener, AskingCallersForCertificatesTakesARestart) {
  StartTls(false);
  tls_.grpc = ", tls: {cert: tls.crt, key: tls.key, client_ca: callers.crt}";
  gateway().Reload(Load(tls_));
  EXPECT_THAT(LogLines(), ::testing::Contains(::testing::AllOf(::testing::HasSubstr("after a restart"),
                                                               ::testing::HasSubstr("\"listen\""))));
  EXPECT_TRUE(ChatBy({authority_.Pem(), "", ""}).status.ok());
  // What is shown is what it was, and so is its age: a renewal within the same kind is still to be taken up.
  Renew(authority_.Issue({.valid_for_seconds = 3600}));
  EXPECT_NEAR(Expiry(), absl::ToDoubleSeconds(absl::Now() + absl::Hours(24) - absl::UnixEpoch()), 120);
  tls_.grpc = ", tls: {cert: tls.crt, key: tls.key}";
  gateway().Reload(Load(tls_));
  EXPECT_NEAR(Expiry(), absl::ToDoubleSeconds(absl::Now() + absl::Hours(1) - absl::UnixEpoch()), 120);
}

TEST_P(Listener, AnAuthorityOfCallersIsReplacedToo) {
  StartTls(true);
  const fakes::Authority next;
  tls_.files["callers.crt"] = next.Pem();
  gateway().Reload(Load(tls_));
  EXPECT_TRUE(ChatBy(WithCertificate(next.Issue())).status.ok());
  EXPECT_EQ(ChatBy(WithCertificate(caller_)).status.code, grpc::StatusCode::UNAVAILABLE);
}

class Door : public GatewayTest {
 protected:
  void SetUp() override {
    Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); });
  }
};
SLUICE_WITH_ENGINES(Door);

TEST_P(Door, TellsThatItServes) {
  const auto serving = client().IsServing();
  EXPECT_TRUE(serving.status.ok()) << serving.status.ToString();
  EXPECT_TRUE(serving.response);
}

TEST_P(Door, ListsItsServicesByReflection) {
  const std::string services = ListServices(channel());
  for (const char* name : {"sluice.v1.ChatService", "sluice.v1.ModelService", "grpc.health.v1.Health"}) {
    EXPECT_THAT(services, ::testing::HasSubstr(name));
  }
}

TEST_P(Door, EchoesTheRequestIdAndHandsItOn) {
  CallOptions call;
  call.request_id = "mine-17";
  EXPECT_EQ(Chat(Ask(), call).request_id, "mine-17");
  EXPECT_EQ(upstream().requests().back().Header("x-request-id"), "mine-17");
}

TEST_P(Door, MakesARequestIdWhereTheCallersIsMissingOrNoGood) {
  const std::string made = Chat().request_id;
  EXPECT_GE(made.size(), 8u);
  CallOptions call;
  call.request_id = std::string(200, 'x');
  const std::string other = Chat(Ask(), call).request_id;
  EXPECT_NE(other, call.request_id);
  EXPECT_NE(other, made);
}

TEST_P(Door, EchoesTheRequestIdWithAnErrorToo) {
  CallOptions call;
  call.request_id = "mine-18";
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "mine-18");
  v1::CompleteResponse response;
  const auto status = v1::ChatService::NewStub(channel())->Complete(&context, v1::CompleteRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const auto& initial = context.GetServerInitialMetadata();
  const auto& trailing = context.GetServerTrailingMetadata();
  EXPECT_EQ(initial.count("x-request-id") + trailing.count("x-request-id"), 1u);
}

TEST_P(Door, HandsOnTheTraceButNotTheCallersCredentialsOrOtherMetadata) {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CallOptions call;
  call.metadata = {{"traceparent", trace}, {"authorization", "Bearer callers-own"}, {"x-private", "callers-own"}};
  ASSERT_TRUE(Chat(Ask(), call).status.ok());
  const ReceivedRequest seen = upstream().requests().back();
  EXPECT_EQ(seen.Header("traceparent"), trace);
  EXPECT_EQ(seen.Header("authorization"), "Bearer sk-test");
  for (const auto& [name, value] : seen.headers)
    EXPECT_THAT(value, ::testing::Not(::testing::HasSubstr("callers-own")));
}

TEST_P(Door, ATraceThatIsNoneIsNotHandedOn) {
  CallOptions call;
  call.metadata = {{"traceparent", "nonsense"}};
  ASSERT_TRUE(Chat(Ask(), call).status.ok());
  EXPECT_EQ(upstream().requests().back().Header("traceparent"), "");
}

TEST_P(Door, AnUnknownMethodIsUnimplemented) {
  static const grpc::internal::RpcMethod method("/sluice.v1.ChatService/Nothing",
                                                grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall(channel().get(), method, &context, v1::ListModelsRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace sluice::integration
