#include "server/edge/grpc/acceptor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::edge {
namespace {

using ::testing::HasSubstr;

// Takes the sockets in gRPC's place.
struct Taken {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<int> fds;

  int WaitFor(size_t count) {
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return fds.size() >= count; });
    return fds[count - 1];
  }
};

class Sink final : public grpc::experimental::ExternalConnectionAcceptor {
 public:
  explicit Sink(Taken* taken) : taken_(taken) {}
  void HandleNewConnection(NewConnectionParameters* connection) override {
    const std::lock_guard lock(taken_->mutex);
    taken_->fds.push_back(connection->fd);
    taken_->came.notify_all();
  }

 private:
  Taken* const taken_;
};

class AcceptorTest : public ::testing::Test {
 protected:
  AcceptorTest() {
    acceptor_ = *Acceptor::Listen("127.0.0.1:0");
    acceptor_->Start(std::make_unique<Sink>(&taken_));
  }
  ~AcceptorTest() override {
    acceptor_.reset();
    for (const int fd : taken_.fds) close(fd);
  }

  // A caller's socket, or -1 when it was turned away.
  int Connect() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(acceptor_->port()));
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
  }

  Taken taken_;
  std::unique_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, AConnectionIsKnownByItsNameBeforeGrpcHasIt) {
  const int caller = Connect();
  ASSERT_GE(caller, 0);
  const int fd = taken_.WaitFor(1);
  const auto connection = acceptor_->connections().Find(Connections::PeerName(fd));
  ASSERT_NE(connection, nullptr);
  EXPECT_NE(connection->fd(), fd) << "a duplicate, since gRPC owns the descriptor itself";
  int on = 0;
  socklen_t size = sizeof on;
  getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size);
  EXPECT_NE(on, 0);
  close(caller);
}

TEST_F(AcceptorTest, AConnectionThatEndsIsForgottenAndItsDuplicateClosed) {
  std::vector<int> callers;
  for (size_t i = 1; i <= 5; ++i) {
    callers.push_back(Connect());
    taken_.WaitFor(i);
  }
  EXPECT_EQ(acceptor_->connections().size(), 5u);
  for (const int caller : {callers[1], callers[4]}) close(caller);
  while (acceptor_->connections().size() != 3) std::this_thread::yield();
  for (const int caller : {callers[0], callers[2], callers[3]}) close(caller);
  while (acceptor_->connections().size() != 0) std::this_thread::yield();
}

TEST_F(AcceptorTest, AfterStopNobodyIsAcceptedAndThoseThereStay) {
  const int caller = Connect();
  taken_.WaitFor(1);
  acceptor_->StopAccepting();
  acceptor_->StopAccepting();
  for (int late = Connect(); late >= 0; late = Connect()) {
    close(late);  // came before the listener was closed
    std::this_thread::yield();
  }
  EXPECT_NE(acceptor_->connections().Find(Connections::PeerName(taken_.WaitFor(1))), nullptr);
  close(caller);
}

std::string Refusal(const std::string& address) { return std::string(Acceptor::Listen(address).status().message()); }

TEST(AcceptorListenTest, AnAddressInUseSaysWhatToChange) {
  const auto first = Acceptor::Listen("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(Refusal(absl::StrCat("127.0.0.1:", (*first)->port())), HasSubstr("choose another listen.grpc.address"));
}

TEST(AcceptorListenTest, AnAddressThatIsNoneSaysWhatIsExpected) {
  for (const char* address : {"nonsense", "127.0.0.1:http", "127.0.0.1.5:1"}) {
    EXPECT_THAT(Refusal(address), HasSubstr("expected host:port")) << address;
  }
}

}  // namespace
}  // namespace sluice::edge
