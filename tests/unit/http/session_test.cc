#include "server/http/session.h"

#include <future>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "server/http/server.h"
#include "tests/unit/http/test_client.h"

namespace sluice::http {
namespace {

std::unique_ptr<Server> StartServer(Handler handler, Options options = {}) {
  auto server = Server::Start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

// Answers with what it was asked.
void Echo(Request request, const std::shared_ptr<Responder>& responder) {
  responder->Send(200, "text/plain", request.method + " " + request.path + " " + request.body);
}

TEST(Session, KeepsTheConnectionForTheNextRequest) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  for (const char* path : {"/one", "/two", "/three"}) {
    client.Get(path);
    const auto reply = client.ReadReply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "GET " + std::string(path) + " ");
  }
}

TEST(Session, AnswersRequestsSentAheadInTheirOrder) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(all);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.ReadReply().body, "GET /" + std::to_string(i) + " ");
}

TEST(Session, RequestsSentAheadBeyondTheBoundStillComeThrough) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  const std::string body(100 << 10, 'b');
  const std::string request =
      "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  client.Send(request + request + request);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ReadReply().body.size(), body.size() + 8);
}

TEST(Session, ClosesWhenThePeerAsksForIt) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto reply = client.ReadReply();
  EXPECT_NE(reply.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Session, HeadHasTheLengthWithoutTheBody) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(client.ReadUntil("\r\n\r\n").find("Content-Length: 8\r\n"), std::string::npos);
  client.Get("/next");  // a body would stand before this reply
  EXPECT_EQ(client.ReadReply().body, "GET /next ");
}

TEST(Session, HeadOfAStreamIsItsHeaderOnly) {
  const auto server = StartServer([](Request, const std::shared_ptr<Responder>& responder) {
    responder->Begin(200, "text/event-stream");
    responder->Write("data: x\n\n");
    responder->End();
  });
  TestClient client(server->port());
  client.Send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(absl::EndsWith(client.ReadToEnd(), "\r\n\r\n"));
}

TEST(Session, EveryChunkArrivesOnItsOwnBeforeTheNextIsWritten) {
  // The client's second connection says "go on": an event that waited for the next one would hang the test.
  std::shared_ptr<Responder> stream;
  const auto server = StartServer([&](Request request, std::shared_ptr<Responder> responder) {
    if (request.path == "/stream") {
      stream = std::move(responder);
      stream->Begin(200, "text/event-stream");
      return;
    }
    if (request.path == "/end") {
      stream->End();
    } else {
      stream->Write("data: " + request.path + "\n\n");
    }
    responder->Send(200, "text/plain", "");
  });
  TestClient reader(server->port());
  TestClient pacer(server->port());
  reader.Get("/stream");
  EXPECT_NE(reader.ReadUntil("\r\n\r\n").find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/" + std::to_string(i);
    pacer.Get(path);
    ASSERT_EQ(reader.ReadChunk(), "data: " + path + "\n\n");
    ASSERT_EQ(pacer.ReadReply().status, 200);
  }
  pacer.Get("/end");
  EXPECT_EQ(reader.ReadChunk(), "");
}

TEST(Session, AStreamOfHttp10EndsWithTheConnection) {
  const auto server = StartServer([](Request, const std::shared_ptr<Responder>& responder) {
    responder->Begin(200, "text/event-stream");
    responder->Write("data: x\n\n");
    responder->End();
  });
  TestClient client(server->port());
  client.Send("GET / HTTP/1.0\r\n\r\n");
  const std::string all = client.ReadToEnd();
  EXPECT_EQ(all.find("chunked"), std::string::npos);
  EXPECT_TRUE(absl::EndsWith(all, "\r\n\r\ndata: x\n\n")) << all;
}

TEST(Session, ABigBodyIsRefusedAndTheConnectionClosed) {
  Options options;
  options.max_body_bytes = 1000;
  const auto server = StartServer(Echo, std::move(options));
  TestClient client(server->port());
  const std::string body(8 << 20, 'b');  // far more than the socket holds: the refusal must reach a peer that sends
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(client.ReadReply().status, 413);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Session, BigHeadersAreRefused) {
  Options options;
  options.max_header_bytes = 4096;
  const auto server = StartServer(Echo, std::move(options));
  TestClient client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(5000, 'x'));
  EXPECT_EQ(client.ReadReply().status, 431);
}

TEST(Session, WhatIsNoHttpIsRefused) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  client.Send("good day\r\n\r\n");
  EXPECT_EQ(client.ReadReply().status, 400);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Session, TellsAPeerThatAsksToSendItsBody) {
  const auto server = StartServer(Echo);
  TestClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_EQ(client.ReadReply().body, "POST / ok");
}

TEST(Session, DoesNotAskForABodyItWouldRefuse) {
  Options options;
  options.max_body_bytes = 10;
  const auto server = StartServer(Echo, std::move(options));
  TestClient client(server->port());
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(client.ReadReply().status, 413);
}

TEST(Session, AQuietConnectionIsClosedAfterTheTimeout) {
  Options options;
  options.header_timeout = absl::Milliseconds(30);
  const auto server = StartServer(Echo, std::move(options));
  TestClient silent(server->port());
  TestClient half(server->port());
  half.Send("GET / HT");
  EXPECT_TRUE(silent.AtEnd());
  EXPECT_TRUE(half.AtEnd());
}

TEST(Session, AReplyUnderWayIsNotBoundByTheRequestsTimeout) {
  Options options;
  options.header_timeout = absl::Milliseconds(20);
  const auto server = StartServer(
      [](Request, std::shared_ptr<Responder> responder) {
        auto& r = *responder;
        r.After(absl::Milliseconds(80),
                [responder = std::move(responder)] { responder->Send(200, "text/plain", "late"); });
      },
      std::move(options));
  TestClient client(server->port());
  client.Get("/");
  EXPECT_EQ(client.ReadReply().body, "late");
}

TEST(Session, APeerThatNeverReadsIsCutOffAtTheBound) {
  std::promise<void> cut;
  const auto server = StartServer([&](Request, const std::shared_ptr<Responder>& responder) {
    responder->OnClosed([&] { cut.set_value(); });
    responder->Begin(200, "text/event-stream");
    // Each piece is written once the one before was queued, until the peer is gone.
    struct Flood : std::enable_shared_from_this<Flood> {
      std::shared_ptr<Responder> out;
      int left = 64;
      void Next() {
        if (left-- == 0) return;
        out->Write(std::string(1 << 20, 'x'));
        out->After(absl::ZeroDuration(), [self = shared_from_this()] { self->Next(); });
      }
    };
    auto flood = std::make_shared<Flood>();
    flood->out = responder;
    flood->Next();
  });
  TestClient client(server->port());
  client.Get("/");
  cut.get_future().wait();
}

TEST(Session, AStreamLargerThanTheBoundReachesAPeerThatReads) {
  constexpr int kPieces = 48;
  const auto server = StartServer([](Request, const std::shared_ptr<Responder>& responder) {
    responder->Send(200, "application/octet-stream", std::string(kPieces << 20, 'x'));
  });
  TestClient client(server->port());
  client.Get("/");
  EXPECT_EQ(client.ReadReply().body.size(), size_t{kPieces} << 20);
}

}  // namespace
}  // namespace sluice::http
