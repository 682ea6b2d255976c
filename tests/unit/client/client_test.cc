#include "sluice/client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "tests/unit/client/fake_gateway.h"
#include "tests/unit/client/test_certificates.h"

namespace sluice {
namespace {

using ::testing::ElementsAre;
using testing::FakeGateway;
using ::testing::HasSubstr;
using testing::StatusBuilder;
using testing::Text;

Client ClientOf(const FakeGateway& gateway) {
  ClientOptions options;
  options.address = gateway.address();
  return Client(options);
}

std::vector<std::string> Texts(ChatStream& stream) {
  std::vector<std::string> texts;
  for (const v1::ChatResponse& event : stream) texts.push_back(event.delta().text());
  return texts;
}

grpc::Status WaitUntilCancelled(grpc::ServerContext* context) {
  while (!context->IsCancelled()) std::this_thread::yield();
  return grpc::Status::CANCELLED;
}

TEST(Chat, GivesTheEventsInOrderAndThenOk) {
  FakeGateway gateway;
  gateway.on_chat = [](auto*, const v1::ChatRequest& request, FakeGateway::Writer* writer) {
    for (const char* text : {"a", "b", "c"}) writer->Write(Text(request.model() + text));
    return grpc::Status::OK;
  };
  v1::ChatRequest request;
  request.set_model("m-");
  ChatStream stream = ClientOf(gateway).Chat(request);  // the client may go before its stream
  EXPECT_THAT(Texts(stream), ElementsAre("m-a", "m-b", "m-c"));
  EXPECT_TRUE(stream.status().ok());
  EXPECT_EQ(stream.Next(), nullptr);
}

TEST(Chat, GivesWhatCameBeforeAnErrorAndThenItsReason) {
  FakeGateway gateway;
  gateway.on_chat = [](auto*, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("half"));
    return StatusBuilder(grpc::StatusCode::UNAVAILABLE, "cut").Reason("UPSTREAM_TRUNCATED").Build();
  };
  ChatStream stream = ClientOf(gateway).Chat({});
  EXPECT_THAT(Texts(stream), ElementsAre("half"));
  EXPECT_EQ(stream.status().code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(stream.status().reason, "UPSTREAM_TRUNCATED");
}

TEST(Chat, LeavingTheLoopCancelsTheCall) {
  FakeGateway gateway;
  gateway.on_chat = [](grpc::ServerContext* context, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("first"));
    return WaitUntilCancelled(context);
  };
  ChatStream stream = ClientOf(gateway).Chat({});
  for (const v1::ChatResponse& event : stream) {
    EXPECT_EQ(event.delta().text(), "first");
    break;
  }
  EXPECT_EQ(stream.status().code, grpc::StatusCode::CANCELLED);
}

TEST(Chat, DestroyingTheStreamCancelsTheCall) {
  FakeGateway gateway;
  std::promise<void> cancelled;
  gateway.on_chat = [&](grpc::ServerContext* context, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("first"));
    const grpc::Status status = WaitUntilCancelled(context);
    cancelled.set_value();
    return status;
  };
  {
    ChatStream stream = ClientOf(gateway).Chat({});
    ASSERT_NE(stream.Next(), nullptr);
  }
  EXPECT_EQ(cancelled.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST(Chat, CancelFromAnotherThreadEndsABlockedRead) {
  FakeGateway gateway;
  std::promise<void> running;
  gateway.on_chat = [&](grpc::ServerContext* context, const auto&, auto*) {
    running.set_value();
    return WaitUntilCancelled(context);
  };
  ChatStream stream = ClientOf(gateway).Chat({});
  std::thread other([&] {
    running.get_future().wait();
    stream.Cancel();
  });
  EXPECT_EQ(stream.Next(), nullptr);
  other.join();
  EXPECT_EQ(stream.status().code, grpc::StatusCode::CANCELLED);
}

TEST(Chat, TheTimeoutEndsTheCall) {
  FakeGateway gateway;
  gateway.on_chat = [](grpc::ServerContext* context, const auto&, auto*) { return WaitUntilCancelled(context); };
  CallOptions options;
  options.timeout = std::chrono::milliseconds(50);
  ChatStream stream = ClientOf(gateway).Chat({}, options);
  EXPECT_EQ(stream.Next(), nullptr);
  EXPECT_EQ(stream.status().code, grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST(Chat, SendsMetadataAndReadsTheRequestIdBack) {
  FakeGateway gateway;
  std::multimap<std::string, std::string> seen;
  gateway.on_chat = [&](grpc::ServerContext* context, const auto&, FakeGateway::Writer* writer) {
    for (const auto& [key, value] : context->client_metadata()) {
      seen.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
    }
    context->AddInitialMetadata("x-request-id", seen.find("x-request-id")->second);
    writer->Write(Text(""));
    return grpc::Status::OK;
  };
  CallOptions options;
  options.request_id = "req-7";
  options.metadata.emplace("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  ChatStream stream = ClientOf(gateway).Chat({}, options);
  EXPECT_EQ(stream.request_id(), "");
  ASSERT_NE(stream.Next(), nullptr);
  EXPECT_EQ(stream.request_id(), "req-7");
  EXPECT_TRUE(stream.Next() == nullptr && stream.status().ok());
  EXPECT_EQ(seen.count("traceparent"), 1u);
}

TEST(Chat, ReadsTheRequestIdOfACallThatFailsAtOnce) {
  FakeGateway gateway;
  gateway.on_chat = [](grpc::ServerContext* context, const auto&, auto*) {
    context->AddTrailingMetadata("x-request-id", "req-8");
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no route");
  };
  ChatStream stream = ClientOf(gateway).Chat({});
  EXPECT_EQ(stream.Next(), nullptr);
  EXPECT_EQ(stream.status().code, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(stream.request_id(), "req-8");
}

TEST(Chat, RefusesMetadataThatGrpcWouldAbortOn) {
  FakeGateway gateway;
  CallOptions options;
  options.request_id = "caf\xc3\xa9";
  ChatStream stream = ClientOf(gateway).Chat({}, options);
  EXPECT_EQ(stream.Next(), nullptr);
  EXPECT_EQ(stream.status().code, grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(stream.status().message, HasSubstr("x-request-id"));
  EXPECT_EQ(stream.request_id(), "");
  for (const char* key : {"", "Upper", "grpc-timeout", "with blank"}) {
    CallOptions bad;
    bad.metadata.emplace(key, "v");
    EXPECT_EQ(ClientOf(gateway).Complete({}, bad).status.code, grpc::StatusCode::INVALID_ARGUMENT) << key;
  }
}

TEST(Chat, AMovedStreamGoesOn) {
  FakeGateway gateway;
  gateway.on_chat = [](auto*, const auto&, FakeGateway::Writer* writer) {
    writer->Write(Text("a"));
    writer->Write(Text("b"));
    return grpc::Status::OK;
  };
  ChatStream first = ClientOf(gateway).Chat({});
  ASSERT_NE(first.Next(), nullptr);
  ChatStream second = std::move(first);
  EXPECT_THAT(Texts(second), ElementsAre("b"));
  EXPECT_TRUE(second.status().ok());
}

TEST(Chat, NobodyListeningIsUnavailableWithoutAReason) {
  std::string address;
  {
    FakeGateway gone;
    address = gone.address();
  }
  ClientOptions options;
  options.address = address;
  ChatStream stream = Client(options).Chat({});
  EXPECT_EQ(stream.Next(), nullptr);
  EXPECT_EQ(stream.status().code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(stream.status().reason, "");
}

// Accepts connections by way of the kernel's backlog and says nothing: HTTP/2 never comes about.
class SilentServer {
 public:
  SilentServer() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name = {};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(name);
    bind(fd_, reinterpret_cast<sockaddr*>(&name), size);
    listen(fd_, 8);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(name.sin_port));
  }
  ~SilentServer() { close(fd_); }
  const std::string& address() const { return address_; }

 private:
  int fd_;
  std::string address_;
};

TEST(Chat, CanBeCancelledWhileStillConnecting) {
  SilentServer server;
  ClientOptions options;
  options.address = server.address();
  ChatStream stream = Client(options).Chat({});  // returns although nothing is connected
  stream.Cancel();
  EXPECT_EQ(stream.Next(), nullptr);
  EXPECT_EQ(stream.status().code, grpc::StatusCode::CANCELLED);
}

TEST(Chat, AStreamNobodyReadsCanBeDestroyed) {
  SilentServer server;
  ClientOptions options;
  options.address = server.address();
  ChatStream stream = Client(options).Chat({});
  EXPECT_EQ(stream.request_id(), "");
}

TEST(Complete, WrapsTheRequestAndTakesAnswersAboveFourMebibytes) {
  FakeGateway gateway;
  gateway.on_complete = [](const v1::ChatRequest& request, v1::CompleteResponse* response) {
    response->set_model(request.model());
    response->add_choices()->set_text(std::string(8 << 20, 'x'));
    return grpc::Status::OK;
  };
  v1::ChatRequest request;
  request.set_model("m");
  const auto [status, response] = ClientOf(gateway).Complete(request);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(response.model(), "m");
  EXPECT_EQ(response.choices(0).text().size(), 8u << 20);
}

TEST(Complete, DecodesErrors) {
  FakeGateway gateway;
  gateway.on_complete = [](const auto&, auto*) {
    return StatusBuilder(grpc::StatusCode::NOT_FOUND, "no").Reason("NO_ROUTE").Build();
  };
  EXPECT_EQ(ClientOf(gateway).Complete({}).status.reason, "NO_ROUTE");
}

TEST(ListModels, GivesModelsAndFailures) {
  FakeGateway gateway;
  gateway.on_models = [](v1::ListModelsResponse* response) {
    response->add_models()->set_id("gpt-4.1");
    response->add_failures()->set_upstream("slow");
    return grpc::Status::OK;
  };
  const auto [status, list] = ClientOf(gateway).ListModels();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(list.models(0).id(), "gpt-4.1");
  EXPECT_EQ(list.failures(0).upstream(), "slow");
}

TEST(IsServing, FollowsTheHealthService) {
  FakeGateway gateway;
  const Client client = ClientOf(gateway);
  EXPECT_TRUE(client.IsServing().status.ok());
  EXPECT_TRUE(client.IsServing().response);
  gateway.SetServing(false);
  EXPECT_TRUE(client.IsServing().status.ok());
  EXPECT_FALSE(client.IsServing().response);
}

class TlsTest : public ::testing::Test {
 protected:
  static const testing::TestCertificates& Certificates() {
    static const auto* made = new testing::TestCertificates();
    return *made;
  }
  static std::shared_ptr<grpc::ServerCredentials> ServerCredentials(grpc_ssl_client_certificate_request_type request) {
    grpc::SslServerCredentialsOptions options(request);
    options.pem_root_certs = Certificates().certificate;
    options.pem_key_cert_pairs.push_back({Certificates().key, Certificates().certificate});
    return grpc::SslServerCredentials(options);
  }
  static CallStatus Call(const FakeGateway& gateway, const TlsOptions& tls) {
    ClientOptions options;
    options.address = gateway.address();
    options.tls = tls;
    return Client(options).IsServing().status;
  }
};

TEST_F(TlsTest, TrustsTheGivenCaOnly) {
  FakeGateway gateway(ServerCredentials(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE));
  EXPECT_TRUE(Call(gateway, {Certificates().certificate, "", "", ""}).ok());
  EXPECT_EQ(Call(gateway, {testing::TestCertificates().certificate, "", "", ""}).code, grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, ChecksTheServerName) {
  FakeGateway gateway(ServerCredentials(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE));
  EXPECT_TRUE(Call(gateway, {Certificates().certificate, "", "", "gateway.test"}).ok());
  EXPECT_EQ(Call(gateway, {Certificates().certificate, "", "", "other.test"}).code, grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, ShowsItsOwnCertificateWhereAsked) {
  FakeGateway gateway(ServerCredentials(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY));
  const auto& own = Certificates();
  EXPECT_TRUE(Call(gateway, {own.certificate, own.certificate, own.key, ""}).ok());
  EXPECT_EQ(Call(gateway, {own.certificate, "", "", ""}).code, grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace sluice
