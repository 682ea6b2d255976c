#ifndef SLUICE_TESTS_UNIT_UPSTREAM_UPSTREAM_TEST_UTIL_H_
#define SLUICE_TESTS_UNIT_UPSTREAM_UPSTREAM_TEST_UTIL_H_

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/loop/loop.h"
#include "server/upstream/curl_client.h"
#include "server/upstream/pool.h"
#include "tests/fakes/scripted_upstream.h"

namespace sluice::upstream {

// Remembers what it was told, and lets a test act inside each call.
class RecordingReceiver final : public Receiver {
 public:
  void OnSent() override {
    ++sent;
    if (on_sent) on_sent();
  }
  void OnHead(const ReplyHead& reply) override {
    ++heads;
    head = reply;
    if (on_head) on_head();
  }
  void OnBody(absl::string_view bytes) override {
    body.append(bytes.data(), bytes.size());
    if (on_body) on_body();
  }
  void OnEnd(const Result& end) override {
    EXPECT_FALSE(result.has_value()) << "ended twice";
    result = end;
    if (on_end) on_end();
  }

  int sent = 0;
  int heads = 0;
  ReplyHead head;
  std::string body;
  std::optional<Result> result;
  std::function<void()> on_sent, on_head, on_body, on_end;
};

inline Request Post(std::string url, std::string body = "{}") {
  return Request{"POST", std::move(url), {{"content-type", "application/json"}}, std::move(body)};
}

// A loop driven by hand, a client on it, and one upstream's pool.
class UpstreamTest : public testing::Test {
 protected:
  explicit UpstreamTest(const Clock& clock = Clock::Real()) : loop_(clock), client_(loop_) {}

  std::shared_ptr<Destination> To(const fakes::ScriptedUpstream& upstream) {
    auto destination = std::make_shared<Destination>();
    destination->name = "test";
    destination->tls.ca_pem = upstream.ca_pem();
    destination->pool = pool_;
    return destination;
  }

  std::unique_ptr<Transfer> Start(std::shared_ptr<const Destination> destination, std::string url,
                                  RecordingReceiver* receiver) {
    return client_.Start(std::move(destination), Post(std::move(url)), receiver);
  }

  // Turns the loop until `done`; false after ten seconds. The wake-up timer keeps Turn from sleeping for ever.
  bool TurnUntil(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop::Timer wake(loop_, [] {});
      wake.ArmAfter(absl::Milliseconds(5));
      loop_.Turn(true);
    }
    return true;
  }
  bool TurnUntilEnd(const RecordingReceiver& receiver) {
    return TurnUntil([&] { return receiver.result.has_value(); });
  }

  // One exchange from start to end; its result.
  Result Exchange(std::shared_ptr<const Destination> destination, std::string url) {
    RecordingReceiver receiver;
    auto transfer = Start(std::move(destination), std::move(url), &receiver);
    EXPECT_TRUE(TurnUntilEnd(receiver));
    return receiver.result.value_or(Result());
  }

  loop::Loop loop_;
  std::shared_ptr<Pool> pool_ = std::make_shared<Pool>(PoolLimits{});
  CurlClient client_;
};

}  // namespace sluice::upstream

#endif  // SLUICE_TESTS_UNIT_UPSTREAM_UPSTREAM_TEST_UTIL_H_
