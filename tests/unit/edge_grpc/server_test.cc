#include "server/edge/grpc/server.h"

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/certificates.h"
#include "tests/unit/edge_grpc/rig.h"

namespace sluice::edge {
namespace {

using ::testing::HasSubstr;

using ServerTest = Rig;

TEST_F(ServerTest, DrainLetsARunningCallFinish) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(200);
    call.Body(exchange::TextChunk("a"));
  });
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, Ask());
  v1::ChatResponse response;
  ASSERT_TRUE(reader->Read(&response));
  auto drained = std::async(std::launch::async, [this] { Drain(absl::Seconds(30)); });
  OnLoop([this] { client_.call(0).Body(exchange::TextChunk("b") + exchange::FinishChunk() + exchange::kDone); });
  std::string text;
  while (reader->Read(&response)) text += response.delta().text();
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(text, "ab");
  drained.wait();
  grpc::Status status;
  Chat(Ask(), &status);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << "a drained server takes no call";
}

TEST_F(ServerTest, DrainCancelsWhatRunsOn) {
  SetScript([](auto& call) {
    call.Sent();
    call.Head(200);
    call.Body(exchange::TextChunk("a"));
  });
  grpc::ClientContext context;
  const auto reader = chat_->Chat(&context, Ask());
  v1::ChatResponse response;
  ASSERT_TRUE(reader->Read(&response));
  Drain(absl::ZeroDuration());
  while (reader->Read(&response)) {
  }
  EXPECT_FALSE(reader->Finish().ok());
  OnLoop([this] { EXPECT_TRUE(client_.call(0).closed); });
}

// Only builds: nothing is served.
class ServerBuildTest : public Rig {
 protected:
  void SetUp() override {}
  std::string Refusal(const std::string& address, std::unique_ptr<ServerTls> tls = nullptr) {
    ServerOptions options;
    options.address = address;
    options.tls = std::move(tls);
    return std::string(GrpcServer::Build(std::move(options), {&context_}, &ids_).status().message());
  }
};

TEST_F(ServerBuildTest, AnAddressThatIsNoneIsRefused) { EXPECT_THAT(Refusal("nonsense"), HasSubstr("host:port")); }

TEST_F(ServerBuildTest, ACertificateThatIsNoneIsRefused) {
  auto tls = std::make_unique<ServerTls>();
  tls->certificate_chain = "not PEM";
  tls->private_key = "not PEM";
  EXPECT_THAT(Refusal("127.0.0.1:0", std::move(tls)), HasSubstr("listen.grpc.tls"));
}

TEST_F(ServerBuildTest, ACertificateNeedsItsOwnKey) {
  const fakes::Authority authority;
  auto tls = std::make_unique<ServerTls>();
  tls->certificate_chain = authority.Issue().Pem();
  tls->private_key = authority.Issue().KeyPem();
  EXPECT_THAT(Refusal("127.0.0.1:0", std::move(tls)), HasSubstr("listen.grpc.tls"));
}

TEST_F(ServerBuildTest, ACertificateAndItsKeyAreTaken) {
  const fakes::Authority authority;
  const fakes::Certificate leaf = authority.Issue();
  ServerOptions options;
  options.address = "127.0.0.1:0";
  options.tls = std::make_unique<ServerTls>(ServerTls{leaf.Pem(), leaf.KeyPem(), authority.Pem()});
  auto server = GrpcServer::Build(std::move(options), {&context_}, &ids_);
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Drain(absl::ZeroDuration());
}

TEST_F(ServerBuildTest, OneThatWasBuiltAndNeverStartedGoesQuietly) {
  ServerOptions options;
  options.address = "127.0.0.1:0";
  auto server = GrpcServer::Build(std::move(options), {&context_}, &ids_);
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Drain(absl::ZeroDuration());
}

}  // namespace
}  // namespace sluice::edge
