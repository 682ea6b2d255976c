#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>

#include "server/upstream/curl_call.h"
#include "tests/fakes/http2_upstream.h"
#include "tests/unit/upstream/interposed.h"
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

// Frames of RFC 9113 6.4 and 6.8.
std::string ResetStream(int stream, char code) {
  return std::string("\0\0\4\3\0\0\0\0", 8) + static_cast<char>(stream) + std::string("\0\0\0", 3) + code;
}
std::string Goaway(char last_stream, char code) {
  return std::string("\0\0\x8\7\0\0\0\0\0\0\0\0", 12) + last_stream + std::string("\0\0\0", 3) + code;
}
constexpr char kNoError = 0;
constexpr char kInternalError = 2;
constexpr char kRefusedStream = 7;

class StaleHttp2Test : public Http2Test {
 protected:
  // One request is answered, the next one by `frames`, all others are answered again. The second call's result.
  Result SecondOf(std::function<std::string(int stream)> frames) {
    upstream_ = std::make_unique<Http2Upstream>([this, frames](int stream) {
      if (++requests_ == 2) return frames(stream);
      return Http2Upstream::Head(stream) + Http2Upstream::Data(stream, "ok", true);
    });
    EXPECT_EQ(Exchange(To(*upstream_), upstream_->Url()).outcome, Outcome::kComplete);
    RecordingReceiver receiver;
    auto transfer = Start(To(*upstream_), upstream_->Url(), &receiver);
    EXPECT_TRUE(TurnUntilEnd(receiver));
    EXPECT_EQ(receiver.sent, 1);
    return receiver.result.value_or(Result());
  }

  std::atomic<int> requests_{0};
  std::unique_ptr<Http2Upstream> upstream_;
};

TEST_F(StaleHttp2Test, AStreamThatIsRefusedIsSentAnew) {
  const Result result = SecondOf([](int stream) { return ResetStream(stream, kRefusedStream); });
  EXPECT_EQ(result.outcome, Outcome::kComplete) << result.detail;
  EXPECT_EQ(requests_, 3);
}

TEST_F(StaleHttp2Test, AStreamThatGoawayLeavesOutIsSentAnewOnAnotherConnection) {
  const Result result = SecondOf([](int) { return Goaway(1, kNoError); });
  EXPECT_EQ(result.outcome, Outcome::kComplete) << result.detail;
  EXPECT_EQ(upstream_->counts().accepted, 2);
  EXPECT_EQ(requests_, 3);
}

TEST_F(StaleHttp2Test, AConnectionThatEndsInTheRequestIsReplaced) {
  for (const int at : {1, 2}) {  // the send before which it ends
    upstream_ = std::make_unique<Http2Upstream>(
        [](int stream) { return Http2Upstream::Head(stream) + Http2Upstream::Data(stream, "ok", true); });
    ASSERT_EQ(Exchange(To(*upstream_), upstream_->Url()).outcome, Outcome::kComplete);
    int sends = 0;
    before_send = [&](int fd, size_t) {
      if (++sends == at) shutdown(fd, SHUT_RDWR);
    };
    RecordingReceiver receiver;
    const std::string body(30'000, 'b');
    auto transfer = client_.Start(To(*upstream_), Post(upstream_->Url(), body), &receiver);
    ASSERT_TRUE(TurnUntilEnd(receiver));
    before_send = nullptr;
    EXPECT_EQ(receiver.result->outcome, Outcome::kComplete) << receiver.result->detail;
    EXPECT_EQ(receiver.sent, 1);
    EXPECT_EQ(transfer->bytes_out(), body.size());
    EXPECT_EQ(upstream_->counts().accepted, 2);
  }
}

TEST_F(StaleHttp2Test, AStreamThatFailsInsideTheUpstreamIsBrokenAndNotSentAgain) {
  const Result result = SecondOf([](int stream) { return ResetStream(stream, kInternalError); });
  EXPECT_EQ(result.outcome, Outcome::kBroken);
  EXPECT_EQ(requests_, 2);
}

}  // namespace
}  // namespace sluice::upstream
