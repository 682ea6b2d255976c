#include "server/edge/grpc/connections.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/edge/grpc/acceptor.h"
#include "sluice/v1/chat.grpc.pb.h"

namespace sluice::edge {
namespace {

// Answers with the caller's name as gRPC gives it, and with whether the accept loop knows a connection of that name.
class PeerService final : public v1::ChatService::Service {
 public:
  explicit PeerService(Acceptor* acceptor) : acceptor_(acceptor) {}
  grpc::Status Complete(grpc::ServerContext* context, const v1::CompleteRequest*,
                        v1::CompleteResponse* response) override {
    response->set_upstream(context->peer());
    response->set_attempt(acceptor_->connections().Find(context->peer()) != nullptr ? 1 : 0);
    return grpc::Status::OK;
  }

 private:
  Acceptor* const acceptor_;
};

struct Answer {
  grpc::Status status;
  std::string peer;
  bool known = false;
};

// Listens on `address`, calls `host`, and tells what the server saw.
absl::StatusOr<Answer> CallOver(const std::string& address, const std::string& host) {
  auto acceptor = Acceptor::Listen(address);
  if (!acceptor.ok()) return acceptor.status();
  PeerService service(acceptor->get());
  grpc::ServerBuilder builder;
  auto sink = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  (*acceptor)->Start(std::move(sink));

  const auto channel =
      grpc::CreateChannel(absl::StrCat(host, ":", (*acceptor)->port()), grpc::InsecureChannelCredentials());
  const auto stub = v1::ChatService::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::CompleteResponse response;
  Answer answer;
  answer.status = stub->Complete(&context, {}, &response);
  answer.peer = response.upstream();
  answer.known = response.attempt() == 1;
  server->Shutdown();
  return answer;
}

TEST(ConnectionsTest, AnIpv4CallerIsKnownByGrpcsName) {
  const auto answer = CallOver("127.0.0.1:0", "127.0.0.1");
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_TRUE(answer->status.ok()) << answer->status.error_message();
  EXPECT_TRUE(absl::StartsWith(answer->peer, "ipv4:127.0.0.1:")) << answer->peer;
  EXPECT_TRUE(answer->known) << answer->peer;
}

TEST(ConnectionsTest, ClosingAllEndsAConnectionThatItsPeerDoesNotRead) {
  std::array<int, 2> pair{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  Connections connections;
  connections.Add("peer", std::make_shared<Connection>(dup(pair[0])));
  std::array<char, 65536> bytes{};
  while (send(pair[0], bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
  }
  ASSERT_EQ(errno, EAGAIN);
  connections.CloseAll();
  EXPECT_EQ(send(pair[0], bytes.data(), bytes.size(), MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, EPIPE);
  for (const int fd : pair) close(fd);
}

TEST(ConnectionsTest, AnIpv6CallerIsKnownByGrpcsName) {
  const auto answer = CallOver("[::1]:0", "[::1]");
  if (!answer.ok()) GTEST_SKIP() << "no IPv6 here: " << answer.status();
  ASSERT_TRUE(answer->status.ok()) << answer->status.error_message();
  EXPECT_TRUE(absl::StartsWith(answer->peer, "ipv6:")) << answer->peer;
  EXPECT_TRUE(answer->known) << answer->peer;
}

TEST(ConnectionsTest, AnIpv4CallerOfADualStackListenerIsKnownByGrpcsName) {
  const auto answer = CallOver("[::]:0", "127.0.0.1");
  if (!answer.ok()) GTEST_SKIP() << "no IPv6 here: " << answer.status();
  ASSERT_TRUE(answer->status.ok()) << answer->status.error_message();
  EXPECT_TRUE(answer->known) << answer->peer;
}

TEST(ConnectionsTest, ASocketWithoutAPeerHasNoName) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(Connections::PeerName(fd), "");
  close(fd);
  EXPECT_EQ(Connections::PeerName(-1), "");
}

std::shared_ptr<Connection> AnySocket() { return std::make_shared<Connection>(socket(AF_INET, SOCK_STREAM, 0)); }

TEST(ConnectionsTest, RemovingAnOldConnectionLeavesTheNewOneOfItsName) {
  Connections connections;
  const auto old = AnySocket(), fresh = AnySocket();
  connections.Add("ipv4:1.2.3.4:5", old);
  connections.Add("ipv4:1.2.3.4:5", fresh);
  connections.Remove("ipv4:1.2.3.4:5", old.get());
  EXPECT_EQ(connections.Find("ipv4:1.2.3.4:5"), fresh);
  connections.Remove("ipv4:1.2.3.4:5", fresh.get());
  EXPECT_EQ(connections.Find("ipv4:1.2.3.4:5"), nullptr);
  EXPECT_EQ(connections.size(), 0u);
}

bool IsCorked(const Connection& connection) {
  int on = 0;
  socklen_t size = sizeof on;
  getsockopt(connection.fd(), IPPROTO_TCP, TCP_CORK, &on, &size);
  return on != 0;
}

TEST(CorkSetTest, HoldsEachConnectionBackUntilTheTurnEnds) {
  const auto one = AnySocket(), two = AnySocket();
  CorkSet corks;
  corks.Cork(one);
  corks.Cork(one);
  corks.Cork(nullptr);
  EXPECT_TRUE(IsCorked(*one));
  EXPECT_FALSE(IsCorked(*two));
  EXPECT_EQ(one.use_count(), 2) << "kept once";
  corks.UncorkAll();
  EXPECT_FALSE(IsCorked(*one));
  EXPECT_EQ(one.use_count(), 1) << "let go";
}

}  // namespace
}  // namespace sluice::edge
