#include "server/http/responder.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/http/test_certificate.h"
#include "tests/unit/http/test_client.h"

namespace sluice::http {
namespace {

// Hands each responder to the test's thread.
class ResponderTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    Options options;
    if (GetParam()) options.tls = std::make_unique<TlsFiles>(MakeTestCertificate());
    auto started = Server::Start(std::move(options), [this](Request, std::shared_ptr<Responder> responder) {
      taken_.set_value(std::move(responder));
    });
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }

  std::shared_ptr<Responder> Ask(TestClient& client) {
    client.Get("/");
    std::shared_ptr<Responder> responder = taken_.get_future().get();
    taken_ = {};
    return responder;
  }

  TestClient NewClient() { return TestClient(server_->port(), GetParam()); }

  std::promise<std::shared_ptr<Responder>> taken_;
  std::unique_ptr<Server> server_;
};

INSTANTIATE_TEST_SUITE_P(Transports, ResponderTest, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Tls" : "Plain"; });

TEST_P(ResponderTest, SendsFromAnyThread) {
  TestClient client = NewClient();
  Ask(client)->Send(404, "text/plain", "gone");
  const auto reply = client.ReadReply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body, "gone");
}

TEST_P(ResponderTest, AddsHeaders) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  responder->AddHeader("Retry-After", "3");
  responder->AddHeader("X-Two", "2");
  responder->Send(429, "text/plain", "");
  EXPECT_NE(client.ReadReply().head.find("Retry-After: 3\r\nX-Two: 2\r\n"), std::string::npos);
  Ask(client)->Send(200, "text/plain", "");
  EXPECT_EQ(client.ReadReply().head.find("Retry-After"), std::string::npos);
}

TEST_P(ResponderTest, ThreadsThatTakeTurnsStayInOrder) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  responder->Begin(200, "text/plain");
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    const std::string piece = std::to_string(i) + ";";
    expected += piece;
    std::thread([&] { responder->Write(piece); }).join();
  }
  responder->End();
  client.ReadUntil("\r\n\r\n");
  std::string all;
  for (std::string chunk = client.ReadChunk(); !chunk.empty() && chunk != "CUT"; chunk = client.ReadChunk())
    all += chunk;
  EXPECT_EQ(all, expected);
}

TEST_P(ResponderTest, DroppedBeforeAReplyTheConnectionCloses) {
  TestClient client = NewClient();
  Ask(client).reset();
  EXPECT_TRUE(client.AtEnd());
}

TEST_P(ResponderTest, DroppedWithinAStreamWhatWasWrittenArrivesAndThenItIsCut) {
  TestClient client = NewClient();
  auto responder = Ask(client);
  responder->Begin(200, "text/event-stream");
  responder->Write("data: a\n\n");
  responder.reset();
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadChunk(), "data: a\n\n");
  EXPECT_EQ(client.ReadChunk(), "CUT");
}

TEST_P(ResponderTest, CallsOutOfOrderAreIgnored) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  responder->Write("too early");
  responder->Begin(200, "text/plain");
  responder->Begin(500, "text/plain");
  responder->Write("");
  responder->Write("a");
  responder->Send(500, "text/plain", "no");
  client.ReadUntil("\r\n\r\n");
  EXPECT_EQ(client.ReadChunk(), "a");
  responder->End();
  responder->Write("too late");
  responder->End();
  EXPECT_EQ(client.ReadChunk(), "");
  Ask(client)->Send(200, "text/plain", "next");
  EXPECT_EQ(client.ReadReply().body, "next");
}

TEST_P(ResponderTest, APeerThatLeavesWhileTheHandlerWorksIsSeen) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  std::promise<void> closed;
  responder->OnClosed([&] { closed.set_value(); });
  client.Close();
  closed.get_future().wait();
  responder->Send(200, "text/plain", "to nobody");
}

TEST_P(ResponderTest, APeerThatLeavesAQuietStreamIsSeen) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  std::promise<void> closed;
  responder->OnClosed([&] { closed.set_value(); });
  responder->Begin(200, "text/event-stream");
  responder->Write("data: a\n\n");
  client.ReadUntil("data: a");
  client.Close();
  closed.get_future().wait();
}

TEST_P(ResponderTest, AskedAfterThePeerLeftTheCallbackStillRuns) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  std::promise<void> first, second;
  responder->OnClosed([&] { first.set_value(); });
  client.Close();
  first.get_future().wait();
  responder->OnClosed([&] { second.set_value(); });
  second.get_future().wait();
}

TEST_P(ResponderTest, AfterAWholeReplyLeavingIsNoEvent) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  const auto held = std::make_shared<int>();
  responder->OnClosed([held] { FAIL(); });
  responder->Send(200, "text/plain", "all");
  EXPECT_EQ(client.ReadReply().body, "all");
  client.Close();
  server_.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(ResponderTest, OutlivesTheServer) {
  TestClient client = NewClient();
  const auto responder = Ask(client);
  bool told = false;
  responder->OnClosed([&] { told = true; });
  server_.reset();
  EXPECT_TRUE(told);
  EXPECT_TRUE(client.AtEnd());
  responder->Begin(200, "text/plain");
  responder->Write("x");
  responder->After(absl::ZeroDuration(), [] { FAIL(); });
  responder->OnClosed([] { FAIL(); });
  responder->End();
}

}  // namespace
}  // namespace sluice::http
