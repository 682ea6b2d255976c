#include <gtest/gtest.h>

#include "server/upstream/curl_call.h"
#include "tests/fakes/http2_upstream.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Http2Upstream;

class Http2Test : public UpstreamTest {
 protected:
  std::shared_ptr<Destination> To(const Http2Upstream& upstream) {
    auto destination = std::make_shared<Destination>();
    destination->http2 = true;
    destination->tls.ca_pem = upstream.ca_pem();
    destination->pool = pool_;
    return destination;
  }
  void Settle() {
    for (int i = 0; i < 20; ++i) loop_.Turn(false);
  }
};

TEST_F(Http2Test, ConcurrentCallsShareOneConnection) {
  Http2Upstream upstream([](int stream) { return Http2Upstream::Head(stream); });
  std::vector<RecordingReceiver> receivers(10);
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (auto& receiver : receivers) transfers.push_back(Start(To(upstream), upstream.Url(), &receiver));
  for (auto& receiver : receivers) ASSERT_TRUE(TurnUntil([&] { return receiver.heads == 1; }));
  for (int i = 0; i < 10; ++i) upstream.Send(Http2Upstream::Data(2 * i + 1, "x", true));
  for (auto& receiver : receivers) {
    ASSERT_TRUE(TurnUntilEnd(receiver));
    EXPECT_EQ(receiver.result->outcome, Outcome::kComplete) << receiver.result->detail;
    EXPECT_EQ(receiver.sent, 1);
    EXPECT_EQ(receiver.head.status, 200);
    EXPECT_EQ(receiver.body, "x");
  }
  EXPECT_EQ(upstream.counts().accepted, 1);
}

TEST_F(Http2Test, CancelResetsTheStreamAndKeepsTheConnection) {
  Http2Upstream upstream([](int stream) { return Http2Upstream::Head(stream) + Http2Upstream::Data(stream, "a"); });
  RecordingReceiver first, second;
  auto stays = Start(To(upstream), upstream.Url(), &first);
  ASSERT_TRUE(TurnUntil([&] { return first.body == "a"; }));
  auto leaves = Start(To(upstream), upstream.Url(), &second);
  ASSERT_TRUE(TurnUntil([&] { return second.body == "a"; }));
  leaves = nullptr;
  loop_.Turn(false);  // no more than this
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.resets == 1; }));
  EXPECT_EQ(first.body, "a");
  upstream.Send(Http2Upstream::Data(1, "b", true));
  ASSERT_TRUE(TurnUntilEnd(first));
  EXPECT_EQ(first.result->outcome, Outcome::kComplete);
  EXPECT_EQ(first.body, "ab");
  EXPECT_EQ(upstream.counts().accepted, 1);
}

TEST_F(Http2Test, CancelOfTheOnlyStreamClosesTheConnection) {
  Http2Upstream upstream([](int stream) { return Http2Upstream::Head(stream); });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return receiver.heads == 1; }));
  transfer = nullptr;
  EXPECT_EQ(pool_->stats().open, 0);
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return !counts.open; }));
}

TEST_F(Http2Test, APausedTransferKeepsWhatComesAndTheEnd) {
  Http2Upstream upstream([](int stream) { return Http2Upstream::Head(stream) + Http2Upstream::Data(stream, "a"); });
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  receiver.on_body = [&] { transfer->Pause(); };
  transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return transfer->paused(); }));
  const std::string held(512 << 10, 'h');
  upstream.Send(Http2Upstream::Data(1, held, true));
  ASSERT_TRUE(TurnUntil([&] { return transfer->bytes_in() == 1 + held.size(); }));
  Settle();
  EXPECT_EQ(receiver.body, "a");
  EXPECT_FALSE(receiver.result.has_value());
  transfer->Resume();
  EXPECT_EQ(receiver.body, "a");  // not inline
  Settle();
  EXPECT_TRUE(receiver.body == "a" + held);
  EXPECT_TRUE(transfer->paused());  // by on_body
  EXPECT_FALSE(receiver.result.has_value());
  transfer->Resume();
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete);
}

TEST_F(Http2Test, MoreThanAMegabyteWhilePausedBreaksTheTransfer) {
  Http2Upstream upstream([](int stream) { return Http2Upstream::Head(stream) + Http2Upstream::Data(stream, "a"); });
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  receiver.on_body = [&] { transfer->Pause(); };
  transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return transfer->paused(); }));
  upstream.Send(Http2Upstream::Data(1, std::string(2 << 20, 'x')));
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kBroken);
  EXPECT_NE(receiver.result->detail.find("1 MiB"), std::string::npos);
  EXPECT_EQ(pool_->stats().in_flight, 0);
}

TEST_F(Http2Test, DestroyedWhileHeldBytesAreDelivered) {
  Http2Upstream upstream([](int stream) { return Http2Upstream::Head(stream) + Http2Upstream::Data(stream, "a"); });
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  receiver.on_body = [&] { transfer->Pause(); };
  transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return transfer->paused(); }));
  upstream.Send(Http2Upstream::Data(1, "bc", true));
  ASSERT_TRUE(TurnUntil([&] { return transfer->bytes_in() == 3; }));
  receiver.on_body = [&] { transfer = nullptr; };
  transfer->Resume();
  Settle();
  EXPECT_EQ(transfer, nullptr);
  EXPECT_EQ(receiver.body, "abc");
  EXPECT_FALSE(receiver.result.has_value());
  EXPECT_EQ(pool_->stats().in_flight, 0);
}

}  // namespace
}  // namespace sluice::upstream
