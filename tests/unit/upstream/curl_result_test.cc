// Failures, as their owner is told of them.

#include "server/upstream/curl_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;
using testing::HasSubstr;

class CurlResultTest : public UpstreamTest {
 protected:
  // What becomes of a call that the upstream answers by `script`.
  Result Against(ScriptedUpstream::Handler script) {
    ScriptedUpstream upstream(std::move(script));
    return Exchange(To(upstream), upstream.Url());
  }
  Result AgainstTls(const ScriptedUpstream& upstream, const std::string& ca_pem, const std::string& url) {
    auto destination = To(upstream);
    destination->tls.ca_pem = ca_pem;
    return Exchange(destination, url);
  }

  static void Answer(const ReceivedRequest&, Conversation& to) { to.SendReply(200, "ok"); }
};

TEST_F(CurlResultTest, ARefusedConnectionIsUnreachableWithItsErrno) {
  ScriptedUpstream upstream(&Answer);
  upstream.StopListening();
  const Result result = Exchange(To(upstream), upstream.Url());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_EQ(result.stage, Stage::kConnect);
  EXPECT_EQ(result.os_errno, ECONNREFUSED);
  EXPECT_THAT(result.detail, HasSubstr("refused"));
  EXPECT_EQ(pool_->stats().open, 0);
}

TEST_F(CurlResultTest, AHostThatDoesNotResolveIsUnreachable) {
  ScriptedUpstream upstream(&Answer);
  const Result result = Exchange(To(upstream), "http://sluice.invalid/");
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_EQ(result.stage, Stage::kConnect);
  EXPECT_EQ(result.detail, "could not resolve host");
}

TEST_F(CurlResultTest, AnUnknownAuthorityIsUnreachableAtTls) {
  ScriptedUpstream upstream({.tls = true}, &Answer);
  const Result result = AgainstTls(upstream, fakes::Authority().Pem(), upstream.Url());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_EQ(result.stage, Stage::kTls);
  EXPECT_THAT(result.detail, HasSubstr("issuer"));
  EXPECT_EQ(upstream.counts().requests, 0);
}

TEST_F(CurlResultTest, TheSystemsAuthoritiesDoNotVouchForATestServer) {
  ScriptedUpstream upstream({.tls = true}, &Answer);
  EXPECT_EQ(AgainstTls(upstream, "", upstream.Url()).stage, Stage::kTls);
  EXPECT_EQ(upstream.counts().requests, 0);
}

TEST_F(CurlResultTest, ACertificateForAnotherHostIsUnreachableAtTls) {
  for (const char* names : {"DNS:elsewhere.example", "IP:127.0.0.2", "DNS:127.0.0.1.elsewhere.example"}) {
    SCOPED_TRACE(names);
    ScriptedUpstream upstream({.tls = true, .certificate = {.names = names}}, &Answer);
    const Result result = AgainstTls(upstream, upstream.ca_pem(), upstream.Url());
    EXPECT_EQ(result.outcome, Outcome::kUnreachable);
    EXPECT_EQ(result.stage, Stage::kTls);
    EXPECT_EQ(result.detail, "the certificate is not for this host");
    EXPECT_EQ(upstream.counts().requests, 0);
  }
}

TEST_F(CurlResultTest, AnExpiredCertificateIsUnreachableAtTls) {
  ScriptedUpstream upstream({.tls = true, .certificate = {.valid_for_seconds = -3600}}, &Answer);
  const Result result = AgainstTls(upstream, upstream.ca_pem(), upstream.Url());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_EQ(result.stage, Stage::kTls);
  EXPECT_THAT(result.detail, HasSubstr("expired"));
  EXPECT_EQ(upstream.counts().requests, 0);
}

TEST_F(CurlResultTest, AnUnreadableAuthorityFileIsNamed) {
  ScriptedUpstream upstream({.tls = true}, &Answer);
  auto destination = To(upstream);
  destination->tls = {.ca_file = "/nowhere/ca.crt", .ca_pem = ""};
  const Result result = Exchange(destination, upstream.Url());
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_EQ(result.stage, Stage::kTls);
  EXPECT_THAT(result.detail, HasSubstr("/nowhere/ca.crt"));
}

TEST_F(CurlResultTest, APlainServerBehindHttpsIsUnreachableAtTls) {
  ScriptedUpstream upstream(&Answer);
  const Result result = Exchange(To(upstream), absl::StrCat("https://127.0.0.1:", upstream.port()));
  EXPECT_EQ(result.outcome, Outcome::kUnreachable);
  EXPECT_EQ(result.stage, Stage::kTls);
}

TEST_F(CurlResultTest, AProxyThatRefusesTheTunnelIsUnreachable) {
  ScriptedUpstream proxy([](const ReceivedRequest&, Conversation& to) { to.SendReply(403, ""); });
  auto destination = To(proxy);
  destination->proxy = absl::StrCat("http://127.0.0.1:", proxy.port());
  RecordingReceiver receiver;
  Request request = Post("https://upstream.invalid/");
  request.headers.emplace_back("authorization", "Bearer secret");
  auto transfer = client_.Start(destination, std::move(request), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kUnreachable);
  EXPECT_EQ(receiver.result->stage, Stage::kConnect);
  EXPECT_EQ(receiver.heads, 0);
  EXPECT_EQ(proxy.requests().at(0).method, "CONNECT");
  EXPECT_EQ(proxy.requests().at(0).Header("authorization"), "");
}

TEST_F(CurlResultTest, AConnectionClosedWithoutAReplyIsBroken) {
  const Result result = Against([](const ReceivedRequest&, Conversation& to) { to.Close(); });
  EXPECT_EQ(result.outcome, Outcome::kBroken);
  EXPECT_EQ(result.stage, Stage::kFirstByte);
}

TEST_F(CurlResultTest, AResetBeforeTheReplyIsBroken) {
  const Result result = Against([](const ReceivedRequest&, Conversation& to) { to.Reset(); });
  EXPECT_EQ(result.outcome, Outcome::kBroken);
  EXPECT_EQ(result.stage, Stage::kFirstByte);
  EXPECT_EQ(result.os_errno, ECONNRESET);
}

TEST_F(CurlResultTest, ABodyCutShortIsBrokenHoweverItWasFramed) {
  const Result chunked = Against([](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("half");
    to.Close();
  });
  EXPECT_EQ(chunked.outcome, Outcome::kBroken);
  EXPECT_EQ(chunked.stage, Stage::kBody);
  const Result counted = Against([](const ReceivedRequest&, Conversation& to) {
    to.SendHead(200, {{"Content-Length", "100"}});
    to.SendRaw("half");
    to.Close();
  });
  EXPECT_EQ(counted.outcome, Outcome::kBroken);
  const Result reset = Against([](const ReceivedRequest&, Conversation& to) {
    to.StartSse();
    to.SendSse("half");
    to.Reset();
  });
  EXPECT_EQ(reset.outcome, Outcome::kBroken);
}

TEST_F(CurlResultTest, NonsenseIsBroken) {
  for (const char* nonsense : {"SSH-2.0-server\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"}) {
    const Result result = Against([&](const ReceivedRequest&, Conversation& to) {
      to.SendRaw(nonsense);
      to.Close();
    });
    EXPECT_EQ(result.outcome, Outcome::kBroken) << nonsense;
    EXPECT_NE(result.detail, "");
  }
}

TEST_F(CurlResultTest, HeadersWithoutEndAreBroken) {
  const Result result = Against([](const ReceivedRequest&, Conversation& to) {
    to.SendRaw("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 100; ++i) to.SendRaw(absl::StrCat("X-", i, ": ", std::string(1000, 'x'), "\r\n"));
    to.WaitClosedByPeer();
  });
  EXPECT_EQ(result.outcome, Outcome::kBroken);
  EXPECT_THAT(result.detail, HasSubstr("64 KiB"));
}

}  // namespace
}  // namespace sluice::upstream
