// A resolver that does not answer: it runs on curl's own threads, and nobody waits for it.

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "server/base/fake_clock.h"
#include "server/upstream/curl_call.h"
#include "tests/unit/upstream/interposed.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kSlow[] = "http://slow.test/";
// Nothing is waited for, so it takes microseconds; the bound allows for a machine that is busy with something else. The
// resolver hangs for three seconds.
constexpr milliseconds kBound{500};

struct WithClock {
  FakeClock clock;
};
class ResolvingTest : private WithClock, public UpstreamTest {
 protected:
  ResolvingTest() : UpstreamTest(WithClock::clock) { destination_->pool = pool_; }

  template <typename Step>
  static milliseconds Took(Step step) {
    const auto start = steady_clock::now();
    step();
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
  }
  void ExpectAllGone() {
    EXPECT_EQ(pool_->stats().open, 0);
    EXPECT_EQ(pool_->stats().in_flight, 0);
  }

  FakeClock& clock = WithClock::clock;
  std::optional<SlowResolver> resolver_{std::in_place};
  std::shared_ptr<Destination> destination_ = std::make_shared<Destination>();
};

TEST_F(ResolvingTest, CancelDoesNotWaitForTheResolver) {
  RecordingReceiver receiver;
  auto transfer = Start(destination_, kSlow, &receiver);
  ASSERT_TRUE(TurnUntil([&] { return resolver_->asked() == 1; }));
  EXPECT_LT(Took([&] { transfer = nullptr; }), kBound);
  ExpectAllGone();
  EXPECT_FALSE(receiver.result.has_value());
}

TEST_F(ResolvingTest, TheConnectTimerFiresInTime) {
  destination_->timeouts.connect = absl::Seconds(2);
  RecordingReceiver receiver;
  auto transfer = Start(destination_, kSlow, &receiver);
  ASSERT_TRUE(TurnUntil([&] { return resolver_->asked() == 1; }));
  clock.Advance(absl::Milliseconds(1999));
  loop_.Turn(false);
  EXPECT_FALSE(receiver.result.has_value());
  clock.Advance(absl::Milliseconds(1));
  EXPECT_LT(Took([&] { loop_.Turn(false); }), kBound);
  ASSERT_TRUE(receiver.result.has_value());
  EXPECT_EQ(receiver.result->outcome, Outcome::kTimeout);
  EXPECT_EQ(receiver.result->stage, Stage::kConnect);
  EXPECT_NE(receiver.result->detail.find("connect"), std::string::npos) << receiver.result->detail;
  ExpectAllGone();
}

TEST_F(ResolvingTest, OtherCallsGoOnMeanwhileAndTheClientMayGo) {
  ScriptedUpstream upstream([](const ReceivedRequest&, Conversation& to) { to.SendReply(200, "ok"); });
  RecordingReceiver stuck[3];
  std::unique_ptr<Transfer> transfers[3];
  auto client = std::make_unique<CurlClient>(loop_);
  for (int i = 0; i < 3; ++i) transfers[i] = client->Start(destination_, Post(kSlow), &stuck[i]);
  ASSERT_TRUE(TurnUntil([&] { return resolver_->asked() == 3; }));
  RecordingReceiver receiver;
  auto other = client->Start(To(upstream), Post(upstream.Url()), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete);
  EXPECT_LT(Took([&] { client = nullptr; }), kBound);
  ExpectAllGone();
}

TEST_F(ResolvingTest, AnAnswerAfterTheCancelIsNobodysBusiness) {
  RecordingReceiver receiver;
  auto transfer = Start(destination_, kSlow, &receiver);
  ASSERT_TRUE(TurnUntil([&] { return resolver_->asked() == 1; }));
  transfer = nullptr;
  resolver_.reset();
  for (int i = 0; i < 10; ++i) loop_.Turn(false);
  EXPECT_FALSE(receiver.result.has_value());
  // The same handle serves the next call, to a host whose name is no longer slow.
  const Result result = Exchange(destination_, "http://sluice.invalid/");
  EXPECT_EQ(result.detail, "could not resolve host");
  ExpectAllGone();
}

}  // namespace
}  // namespace sluice::upstream
