#include "server/http/server.h"

#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/http/test_client.h"

namespace sluice::http {
namespace {

void Ok(Request, const std::shared_ptr<Responder>& responder) { responder->Send(200, "text/plain", "ok"); }

TEST(Server, TakesAFreePortAndSaysWhich) {
  const auto one = Server::Start({}, Ok);
  const auto two = Server::Start({}, Ok);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_GT((*one)->port(), 0);
  EXPECT_NE((*one)->port(), (*two)->port());
}

TEST(Server, APortInUseIsAnErrorThatNamesTheAddressAndTheSetting) {
  const auto first = Server::Start({}, Ok);
  ASSERT_TRUE(first.ok());
  Options options;
  options.address = "127.0.0.1:" + std::to_string((*first)->port());
  const std::string expected = "address " + options.address + " is in use: choose another for listen.ops";
  const auto second = Server::Start(std::move(options), Ok);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(second.status().message(), expected);
}

TEST(Server, APortIsFreeAgainOnceItsServerIsGone) {
  auto first = Server::Start({}, Ok);
  ASSERT_TRUE(first.ok());
  Options options;
  options.address = "127.0.0.1:" + std::to_string((*first)->port());
  TestClient client((*first)->port());
  client.Get("/");
  EXPECT_EQ(client.ReadReply().status, 200);
  first->reset();  // closes first: its side waits in TIME_WAIT
  EXPECT_TRUE(client.AtEnd());
  EXPECT_TRUE(Server::Start(std::move(options), Ok).ok());
}

TEST(Server, AddressesThatAreNoneAreRefused) {
  for (const char* address : {"", "9090", ":9090", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:http",
                              "::1:9090", "[::1:9090", "::1]:9090", "127.0.0.1:-1"}) {
    Options options;
    options.address = address;
    const auto server = Server::Start(std::move(options), Ok);
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_NE(server.status().message().find("cannot listen on"), absl::string_view::npos) << address;
  }
}

TEST(Server, NamesAreLookedUp) {
  Options options;
  options.address = "localhost:0";
  EXPECT_TRUE(Server::Start(std::move(options), Ok).ok());
}

TEST(Server, DelaysRunOnItsOwnThread) {
  std::promise<bool> same;
  const auto server = Server::Start({}, [&](Request, std::shared_ptr<Responder> responder) {
    const auto handler_thread = std::this_thread::get_id();
    Responder& r = *responder;
    r.After(absl::Milliseconds(1), [&same, handler_thread, responder = std::move(responder)] {
      same.set_value(std::this_thread::get_id() == handler_thread);
      responder->Send(200, "text/plain", "");
    });
  });
  ASSERT_TRUE(server.ok());
  TestClient client((*server)->port());
  client.Get("/");
  EXPECT_TRUE(same.get_future().get());
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST(Server, EndsWithStreamsOpenAndDelaysPending) {
  std::promise<void> begun;
  const auto held = std::make_shared<int>();
  auto server = Server::Start({}, [&](Request, std::shared_ptr<Responder> responder) {
    responder->Begin(200, "text/event-stream");
    Responder& r = *responder;
    r.After(absl::Hours(1), [held, responder = std::move(responder)] { FAIL(); });
    begun.set_value();
  });
  ASSERT_TRUE(server.ok());
  TestClient client((*server)->port());
  client.Get("/");
  begun.get_future().wait();
  server->reset();
  EXPECT_EQ(held.use_count(), 1);
  client.ReadUntil("\r\n\r\n");
  EXPECT_TRUE(client.AtEnd());
}

TEST(Server, FeedsAThousandOpenStreams) {
  constexpr size_t kStreams = 1000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2 * kStreams + 100) GTEST_SKIP() << "needs " << 2 * kStreams << " open files";

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<Responder>> streams;
  size_t left = 0;
  auto server = Server::Start({}, [&](Request, std::shared_ptr<Responder> responder) {
    responder->Begin(200, "text/event-stream");
    responder->OnClosed([&] {
      const std::lock_guard lock(mutex);
      ++left;
      changed.notify_all();
    });
    const std::lock_guard lock(mutex);
    streams.push_back(std::move(responder));
    changed.notify_all();
  });
  ASSERT_TRUE(server.ok());
  std::vector<TestClient> clients;
  for (size_t i = 0; i < kStreams; ++i) {
    clients.emplace_back((*server)->port());
    clients.back().Get("/");
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return streams.size() == kStreams; });
  }
  for (auto& client : clients) client.ReadUntil("\r\n\r\n");
  for (int round = 0; round < 3; ++round) {
    const std::string event = "data: " + std::to_string(round) + "\n\n";
    for (auto& stream : streams) stream->Write(event);
    for (auto& client : clients) ASSERT_EQ(client.ReadChunk(), event);
  }
  clients.clear();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return left == kStreams; });
}

}  // namespace
}  // namespace sluice::http
