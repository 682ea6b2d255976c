#include "server/http/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace sluice::http {
namespace {

class PlainChannelTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds_), 0);
    channel_ = NewPlainChannel(fds_[0]);
  }
  void TearDown() override {
    close(fds_[0]);
    if (fds_[1] >= 0) close(fds_[1]);
  }

  int fds_[2] = {-1, -1};
  std::unique_ptr<Channel> channel_;
  char buffer_[64];
};

TEST_F(PlainChannelTest, WaitsForThePeerWithoutBlocking) {
  EXPECT_EQ(channel_->Read(buffer_, sizeof(buffer_)).io, Io::kWantRead);
}

TEST_F(PlainChannelTest, CarriesBytesBothWays) {
  ASSERT_EQ(write(fds_[1], "ping", 4), 4);
  const IoResult read_result = channel_->Read(buffer_, sizeof(buffer_));
  EXPECT_EQ(read_result.io, Io::kDone);
  EXPECT_EQ(std::string(buffer_, read_result.bytes), "ping");
  EXPECT_EQ(channel_->Write("pong").bytes, 4u);
  ASSERT_EQ(read(fds_[1], buffer_, sizeof(buffer_)), 4);
  EXPECT_EQ(std::string(buffer_, 4), "pong");
}

TEST_F(PlainChannelTest, SaysWhenThePeerIsSlow) {
  const std::string block(1 << 20, 'x');
  IoResult result{Io::kDone, 0};
  for (int i = 0; i < 100 && result.io == Io::kDone; ++i) result = channel_->Write(block);
  EXPECT_EQ(result.io, Io::kWantWrite);
}

TEST_F(PlainChannelTest, SaysWhenThePeerHasGoneAndRaisesNoSignal) {
  close(fds_[1]);
  fds_[1] = -1;
  EXPECT_EQ(channel_->Read(buffer_, sizeof(buffer_)).io, Io::kClosed);
  EXPECT_EQ(channel_->Write("x").io, Io::kClosed);
}

}  // namespace
}  // namespace sluice::http
