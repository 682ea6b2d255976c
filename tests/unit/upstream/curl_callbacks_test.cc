// What a receiver may do inside each of its calls.

#include <gtest/gtest.h>

#include "server/upstream/curl_call.h"
#include "tests/unit/upstream/upstream_test_util.h"

namespace sluice::upstream {
namespace {

using fakes::Conversation;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

void TwoEvents(const ReceivedRequest& request, Conversation& to) {
  to.StartSse();
  to.SendSse("one");
  to.SendSse("two");
  if (request.target == "/ends") to.EndChunks();
  if (request.target == "/hangs") to.WaitClosedByPeer();
}

using Callback = std::function<void()> RecordingReceiver::*;
struct Named {
  const char* name;
  Callback callback;
};

class InsideCallback : public UpstreamTest, public testing::WithParamInterface<Named> {};
INSTANTIATE_TEST_SUITE_P(All, InsideCallback,
                         testing::Values(Named{"OnSent", &RecordingReceiver::on_sent},
                                         Named{"OnHead", &RecordingReceiver::on_head},
                                         Named{"OnBody", &RecordingReceiver::on_body},
                                         Named{"OnEnd", &RecordingReceiver::on_end}),
                         [](const auto& named) { return named.param.name; });

TEST_P(InsideCallback, ATransferMayDestroyItself) {
  ScriptedUpstream upstream({.tls = true}, TwoEvents);
  for (int round = 0; round < 3; ++round) {
    RecordingReceiver receiver;
    std::unique_ptr<Transfer> transfer;
    bool called = false;
    receiver.*GetParam().callback = [&] {
      EXPECT_FALSE(called) << "called after it was destroyed";
      called = true;
      transfer = nullptr;
    };
    transfer = Start(To(upstream), upstream.Url("/ends"), &receiver);
    ASSERT_TRUE(TurnUntil([&] { return called; }));
    EXPECT_EQ(receiver.result.has_value(), GetParam().callback == &RecordingReceiver::on_end);
    EXPECT_EQ(pool_->stats().in_flight, 0);
  }
  const int left = GetParam().callback == &RecordingReceiver::on_end ? 1 : 0;
  EXPECT_TRUE(upstream.WaitUntil([&](const auto& counts) { return counts.open == left; }));
  EXPECT_EQ(pool_->stats().open, left);
}

TEST_P(InsideCallback, AnotherTransferOfTheSameShardMayBeDestroyed) {
  ScriptedUpstream upstream(TwoEvents);
  RecordingReceiver actor, victim;
  auto other = Start(To(upstream), upstream.Url("/hangs"), &victim);
  ASSERT_TRUE(TurnUntil([&] { return victim.body.size() > 10; }));
  actor.*GetParam().callback = [&] { other = nullptr; };
  auto transfer = Start(To(upstream), upstream.Url("/ends"), &actor);
  ASSERT_TRUE(TurnUntilEnd(actor));
  EXPECT_EQ(actor.result->outcome, Outcome::kComplete);
  EXPECT_FALSE(victim.result.has_value());
  EXPECT_EQ(pool_->stats().in_flight, 0);
}

TEST_P(InsideCallback, AnotherTransferMayBeStartedAndOneBeTakenBackAtOnce) {
  ScriptedUpstream upstream(TwoEvents);
  RecordingReceiver first, second, third;
  std::unique_ptr<Transfer> next;
  first.*GetParam().callback = [&] {
    if (next != nullptr) return;
    next = Start(To(upstream), upstream.Url("/ends"), &second);
    Start(To(upstream), upstream.Url("/ends"), &third);
    EXPECT_EQ(second.sent, 0);
  };
  auto transfer = Start(To(upstream), upstream.Url("/ends"), &first);
  ASSERT_TRUE(TurnUntilEnd(first));
  ASSERT_TRUE(TurnUntilEnd(second));
  EXPECT_EQ(second.result->outcome, Outcome::kComplete);
  EXPECT_EQ(third.sent, 0);
  EXPECT_EQ(pool_->stats().in_flight, 0);
}

TEST_P(InsideCallback, ATransferMayBeRetired) {
  ScriptedUpstream upstream(TwoEvents);
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  receiver.*GetParam().callback = [&] {
    ASSERT_NE(transfer, nullptr) << "called after it was retired";
    client_.Retire(std::move(transfer));
  };
  transfer = Start(To(upstream), upstream.Url("/ends"), &receiver);
  ASSERT_TRUE(TurnUntil([&] { return transfer == nullptr && pool_->stats().in_flight == 0; }));
  const bool early = GetParam().callback == &RecordingReceiver::on_sent;  // no reply yet to wait for
  EXPECT_EQ(pool_->stats().open, early ? 0 : 1);
}

TEST_P(InsideCallback, ATransferMayBePausedAndResumedWithoutLoss) {
  ScriptedUpstream upstream({.tls = true}, TwoEvents);
  RecordingReceiver receiver;
  std::unique_ptr<Transfer> transfer;
  receiver.*GetParam().callback = [&] {
    transfer->Pause();
    loop_.Post([&] { transfer->Resume(); });
  };
  transfer = Start(To(upstream), upstream.Url("/ends"), &receiver);
  ASSERT_TRUE(TurnUntilEnd(receiver));
  EXPECT_EQ(receiver.result->outcome, Outcome::kComplete);
  EXPECT_EQ(receiver.body, "data: one\n\ndata: two\n\n");
  loop_.Turn(false);
}

}  // namespace
}  // namespace sluice::upstream
