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
    Options options;
    options.grpc = absl::StrCat(", tls: {cert: tls.crt, key: tls.key", mutual ? ", client_ca: callers.crt" : "", "}");
    options.files = {{"tls.crt", server_.Pem()}, {"tls.key", server_.KeyPem()}, {"callers.crt", callers_.Pem()}};
    Start([](const ReceivedRequest&, Conversation& conversation) { Reply(conversation, TextReply({"x"})); }, options);
  }
  Answer ChatBy(const grpc::SslCredentialsOptions& credentials) {
    CallOptions call;
    call.timeout = std::chrono::seconds(20);
    return ReadAll(Client(Connect(gateway().grpc_port(), grpc::SslCredentials(credentials))).Chat(Ask(), call));
  }
  grpc::SslCredentialsOptions WithCertificate(const fakes::Certificate& certificate) {
    return {authority_.Pem(), certificate.KeyPem(), certificate.Pem()};
  }

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
