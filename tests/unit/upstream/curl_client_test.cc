#include "server/upstream/curl_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::Event;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

void ThreeEvents(const ReceivedRequest&, Conversation& to) {
  to.StartSse({{"X-Request-Id", "r1"}, {"Set-Cookie", "a=1"}, {"set-cookie", "b=2"}});
  for (const char* data : {"one", "two", "[DONE]"}) to.SendSse(data);
  to.EndChunks();
}
constexpr char kThreeEvents[] = "data: one\n\ndata: two\n\ndata: [DONE]\n\n";

class CurlClientTest : public UpstreamTest {};
class PlainAndTls : public UpstreamTest, public testing::WithParamInterface<bool> {
 protected:
  ScriptedUpstream::Options options() const { return {.tls = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Both, PlainAndTls, testing::Bool(),
                         [](const auto& tls) { return tls.param ? "Tls" : "Plain"; });

TEST_P(PlainAndTls, StreamsAReplyInOrderAndEndsIt) {
  ScriptedUpstream upstream(options(), ThreeEvents);
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url("/v1/chat"), &receiver);
  EXPECT_EQ(receiver.sent + receiver.heads, 0);  // nothing inline
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete) << receiver.result->detail;
  EXPECT_FALSE(receiver.result->reused);
  EXPECT_EQ(receiver.sent, 1);
  EXPECT_EQ(receiver.heads, 1);
  EXPECT_EQ(receiver.head.status, 200);
  EXPECT_EQ(receiver.head.Header("x-request-id"), "r1");
  EXPECT_EQ(receiver.head.Header("set-cookie"), "a=1");
  EXPECT_EQ(receiver.head.Header("absent"), "");
  EXPECT_EQ(receiver.body, kThreeEvents);
  EXPECT_EQ(transfer->bytes_in(), receiver.body.size());
  EXPECT_EQ(transfer->bytes_out(), 2u);
  const ReceivedRequest request = upstream.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/chat");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.Header("content-type"), "application/json");
  EXPECT_EQ(request.Header("expect"), "");
  EXPECT_EQ(request.Header("accept-encoding"), "");
}

TEST_P(PlainAndTls, HundredCallsInARowUseOneConnection) {
  ScriptedUpstream upstream(options(), ThreeEvents);
  for (int i = 0; i < 100; ++i) {
    const Result result = Exchange(To(upstream), upstream.Url());
    ASSERT_EQ(result.outcome, Outcome::kComplete) << result.detail;
    EXPECT_EQ(result.reused, i > 0);
  }
  EXPECT_EQ(upstream.counts().accepted, 1);
  EXPECT_EQ(upstream.counts().handshakes, GetParam() ? 1 : 0);
  EXPECT_EQ(pool_->stats().open, 1);
  EXPECT_EQ(pool_->stats().in_flight, 0);
  EXPECT_EQ(pool_->stats().opened_total, 1u);
}

TEST_P(PlainAndTls, ABodyOfAMegabyteArrivesAndOneIsSentWhole) {
  const std::string big(1 << 20, 'x');
  ScriptedUpstream upstream(
      options(), [&](const ReceivedRequest& request, Conversation& to) { to.SendReply(200, request.body + "!"); });
  RecordingReceiver receiver;
  auto transfer = client_.Start(To(upstream), Post(upstream.Url(), big), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_TRUE(receiver.body == big + "!");
  EXPECT_EQ(receiver.sent, 1);
  EXPECT_EQ(transfer->bytes_out(), big.size());
}

TEST_F(CurlClientTest, AGetWithoutABodyIsSent) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, "models"); });
  RecordingReceiver receiver;
  auto transfer =
      client_.Start(To(upstream), Request{"GET", upstream.Url("/v1/models"), {{"x-empty", ""}}, ""}, &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.sent, 1);
  EXPECT_EQ(receiver.body, "models");
  EXPECT_EQ(upstream.requests().at(0).method, "GET");
}

TEST_F(CurlClientTest, AMethodOfOnesOwnAndTheNextCallOnTheSameHandle) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, ""); });
  for (const char* method : {"PUT", "POST", "DELETE", "GET"}) {
    RecordingReceiver receiver;
    const std::string body = method[0] == 'P' ? "b" : "";
    auto transfer = client_.Start(To(upstream), Request{method, upstream.Url(), {}, body}, &receiver);
    ASSERT_TRUE(TurnUntilEnd(receiver));
    EXPECT_EQ(upstream.requests().back().method, method);
    EXPECT_EQ(upstream.requests().back().body, body);
    EXPECT_EQ(upstream.requests().back().Header("content-type"), "");
  }
}

TEST_F(CurlClientTest, AHeaderWithALineBreakIsRefused) {
  ScriptedUpstream upstream(ThreeEvents);
  RecordingReceiver receiver;
  Request request = Post(upstream.Url());
  request.headers.emplace_back("x-a", "1\r\nx-b: 2");
  auto transfer = client_.Start(To(upstream), std::move(request), &receiver);
  EXPECT_FALSE(receiver.result.has_value());
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kBroken);
  EXPECT_EQ(upstream.counts().accepted, 0);
}

TEST_F(CurlClientTest, InterimRepliesAreSwallowed) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.SendRaw("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n");
    to.SendRaw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    to.SendReply(201, "done", {{"X-Final", "1"}});
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.heads, 1);
  EXPECT_EQ(receiver.head.status, 201);
  EXPECT_EQ(receiver.head.Header("x-final"), "1");
  EXPECT_EQ(receiver.head.Header("x-interim"), "");
  EXPECT_EQ(receiver.body, "done");
}

TEST_F(CurlClientTest, ARedirectIsNotFollowed) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.SendReply(302, "", {{"Location", "/elsewhere"}});
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.head.status, 302);
  EXPECT_EQ(upstream.counts().requests, 1);
}

TEST_F(CurlClientTest, ABodyWithoutALengthEndsWithTheConnection) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.SendRaw("HTTP/1.0 200 OK\r\n\r\nall of it");
    to.Close();
  });
  RecordingReceiver receiver;
  auto transfer = Start(To(upstream), upstream.Url(), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete);
  EXPECT_EQ(receiver.body, "all of it");
}

TEST_F(CurlClientTest, TrailersAreIgnored) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("x");
    to.SendRaw("0\r\nX-Trailer: 1\r\n\r\n");
  });
  EXPECT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
  EXPECT_TRUE(Exchange(To(upstream), upstream.Url()).reused);
}

TEST_F(CurlClientTest, ADeadPooledConnectionIsReplacedBeforeTheReplyBegins) {
  Event closed;
  ScriptedUpstream upstream([&](const ReceivedRequest& request, Conversation& to) {
    if (request.connection == 1 && request.target == "/second") return to.Reset();
    to.SendReply(200, "ok");
  });
  ASSERT_EQ(Exchange(To(upstream), upstream.Url("/first")).outcome, Outcome::kComplete);
  RecordingReceiver receiver;
  auto transfer = client_.Start(To(upstream), Post(upstream.Url("/second"), "body"), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete) << receiver.result->detail;
  EXPECT_FALSE(receiver.result->reused);
  EXPECT_EQ(receiver.sent, 1);
  EXPECT_EQ(upstream.counts().accepted, 2);
  EXPECT_EQ(upstream.requests().back().body, "body");  // sent again in full
  EXPECT_EQ(pool_->stats().open, 1);
}

TEST_F(CurlClientTest, AConnectionClosedWhileIdleIsReplaced) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, "ok"); });
  ASSERT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
  upstream.CloseConnections();
  ASSERT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
  const Result second = Exchange(To(upstream), upstream.Url());
  EXPECT_EQ(second.outcome, Outcome::kComplete) << second.detail;
  EXPECT_FALSE(second.reused);
}

TEST_F(CurlClientTest, TheEnvironmentsProxyIsIgnoredAndAnExplicitOneUsed) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  setenv("no_proxy", "*", 1);
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, "ok"); });
  EXPECT_EQ(Exchange(To(upstream), upstream.Url()).outcome, Outcome::kComplete);
  auto through = To(upstream);
  through->proxy = absl::StrCat("http://127.0.0.1:", upstream.port());
  EXPECT_EQ(Exchange(through, "http://upstream.invalid/path").outcome, Outcome::kComplete);
  EXPECT_EQ(upstream.requests().back().target, "http://upstream.invalid/path");
  for (const char* name : {"http_proxy", "all_proxy", "no_proxy"}) unsetenv(name);
}

TEST_F(CurlClientTest, AHostWithADeadFirstAddressIsReachedOnTheNext) {
  // Where localhost is ::1 as well, nothing listens there, and the second attempt would get the first one's
  // descriptor number.
  ScriptedUpstream upstream({.tls = true}, ThreeEvents);
  const Result result = Exchange(To(upstream), absl::StrCat("https://localhost:", upstream.port(), "/"));
  EXPECT_EQ(result.outcome, Outcome::kComplete) << result.detail;
  EXPECT_EQ(pool_->stats().open, 1);
}

TEST_F(CurlClientTest, ManyAtOnceAllCompleteAndLeaveOnlyTheIdleLimitOpen) {
  pool_->SetLimits({.connections = 1000, .idle = 5});
  ScriptedUpstream upstream(ThreeEvents);
  std::vector<RecordingReceiver> receivers(200);
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (RecordingReceiver& receiver : receivers) transfers.push_back(Start(To(upstream), upstream.Url(), &receiver));
  EXPECT_EQ(pool_->stats().in_flight, 200);
  for (RecordingReceiver& receiver : receivers) {
    ASSERT_TRUE(TurnUntilEnd(receiver));
    EXPECT_EQ(receiver.body, kThreeEvents);
  }
  EXPECT_EQ(pool_->stats().in_flight, 0);
  EXPECT_LE(pool_->stats().open, 5);
  EXPECT_GE(pool_->stats().open, 1);
}

TEST_F(CurlClientTest, ManyThatEndInTheSameTurnLeaveOnlyTheIdleLimitOpen) {
  // More than the loop takes from epoll in a turn. Its timers come next, and those of curl, which are due soon after
  // the connect, find many of the rest in one step.
  constexpr int kMany = 400;
  pool_->SetLimits({.connections = 1000, .idle = 5});
  Event answer;
  std::atomic<int> answered{0};
  ScriptedUpstream upstream([&](const ReceivedRequest&, Conversation& to) {
    to.WaitFor(answer);
    to.SendReply(200, "ok");
    ++answered;
  });
  std::vector<RecordingReceiver> receivers(kMany);
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (RecordingReceiver& receiver : receivers) transfers.push_back(Start(To(upstream), upstream.Url(), &receiver));
  ASSERT_TRUE(TurnUntil([&] { return upstream.counts().requests == kMany; }));
  const auto fired = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);
  answer.Set();
  while (answered < kMany || std::chrono::steady_clock::now() < fired) std::this_thread::yield();
  for (RecordingReceiver& receiver : receivers) ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_LE(pool_->stats().open, 5);
  EXPECT_GE(pool_->stats().open, 1);
}

TEST_F(CurlClientTest, AConnectionLeftInOneShardServesTheNextCallThoughOthersAreOpen) {
  Event finish;
  ScriptedUpstream upstream([&](const ReceivedRequest& request, Conversation& to) {
    to.StartSse();
    if (request.target == "/long" && !to.WaitFor(finish)) return;
    to.EndChunks();
  });
  // Enough long ones to have several shards open, and the short ones' connection in whichever was picked.
  std::vector<RecordingReceiver> receivers(100);
  std::vector<std::unique_ptr<Transfer>> transfers;
  for (RecordingReceiver& receiver : receivers)
    transfers.push_back(Start(To(upstream), upstream.Url("/long"), &receiver));
  ASSERT_TRUE(TurnUntil([&] { return upstream.counts().requests == 100; }));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Exchange(To(upstream), upstream.Url("/short")).reused, i > 0);
  EXPECT_EQ(upstream.counts().accepted, 101);
  finish.Set();
  for (RecordingReceiver& receiver : receivers) EXPECT_TRUE(TurnUntilEnd(receiver));
}

TEST_F(CurlClientTest, TransfersStillRunningWhenTheClientGoesHearNothingMore) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.WaitClosedByPeer();
  });
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  {
    CurlClient client(loop_);
    transfer = client.Start(To(upstream), Post(upstream.Url()), &receiver);
    ASSERT_TRUE(TurnUntil([&] { return receiver.heads == 1; }));
  }
  EXPECT_TRUE(upstream.WaitUntil([](const auto& counts) { return counts.open == 0; }));
  EXPECT_FALSE(receiver.result.has_value());
  EXPECT_EQ(pool_->stats().open, 0);
  transfer->Pause();
  transfer = nullptr;
}

}  // namespace
}  // namespace sluice::upstream
