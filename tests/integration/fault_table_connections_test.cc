// What no single row of the fault table can say: an answer cut at each of its bytes in turn, and pooled connections
// that have died meanwhile.

#include <atomic>
#include <thread>

#include "tests/integration/fault_table_scripts.h"

namespace sluice::integration {
namespace {

using fakes::Cut;

class FaultyConnections : public GatewayTest {
 protected:
  // Chats at the same time, each on a connection of its own; how many of them got "x" in their first attempt.
  int GoodOf(int count) {
    std::atomic<int> good{0};
    std::vector<std::thread> callers;
    for (int i = 0; i < count; ++i) {
      callers.emplace_back([&] {
        const Answer answer = Chat();
        EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
        EXPECT_EQ(answer.text, "x");
        good += answer.status.ok() && answer.started.at(0).attempt() == 1;
      });
    }
    for (std::thread& caller : callers) caller.join();
    return good;
  }
};
SLUICE_WITH_ENGINES(FaultyConnections);

// ---- An answer that is cut.

// The bytes of an answer of three texts, and where each of them and the end mark are complete.
struct CutReply {
  CutReply() {
    bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    Add(chunks::Role());
    for (const char* text : {"one ", "two\xD0\xB9 ", "three\xF0\x9F\x99\x82"}) {
      Add(chunks::Text(text));
      texts.emplace_back(text);
      complete_at.push_back(end_of_event);
    }
    Add(chunks::Finish());
    Add(chunks::Usage(3, 5));
    Add(chunks::kDone);
    done_at = end_of_event;
    absl::StrAppend(&bytes, "0\r\n\r\n");
  }
  void Add(absl::string_view data) {
    const std::string event = Attempt::Event(data);
    absl::StrAppend(&bytes, absl::Hex(event.size()), "\r\n", event);
    end_of_event = bytes.size();
    absl::StrAppend(&bytes, "\r\n");
  }
  // What a caller must have of a reply of which this much came.
  std::vector<std::string> TextsWithin(size_t size) const {
    std::vector<std::string> within;
    for (size_t i = 0; i < texts.size() && complete_at[i] <= size; ++i) within.push_back(texts[i]);
    return within;
  }

  std::string bytes;
  std::vector<std::string> texts;
  std::vector<size_t> complete_at;
  size_t end_of_event = 0;
  size_t done_at = 0;
};

std::vector<std::string> TextsOf(const Answer& answer) {
  std::vector<std::string> texts;
  for (const v1::ChatResponse& event : answer.events) {
    if (event.has_delta()) texts.push_back(event.delta().text());
  }
  return texts;
}

class CutReplies : public FaultyConnections {
 protected:
  // Cuts the first attempt's reply after each `step`th byte; the second attempt is answered well.
  void Sweep(Cut how, size_t step) {
    Options options;
    options.upstream = "retry: {attempts: 2, base: 1ms, cap: 2ms, budget: 1}\n    pool: {idle: 0}";
    const CutReply reply;
    std::atomic<size_t> cut{0};
    std::atomic<bool> again{false};
    Start(
        [&](const ReceivedRequest&, Conversation& wire) {
          if (!again.exchange(true)) wire.CutAfter(cut, how);
          wire.SendRaw(reply.bytes);
        },
        options);
    for (cut = 0; cut < reply.bytes.size(); cut += step) {
      SCOPED_TRACE(cut.load());
      again = false;
      CheckCut(reply, cut, Chat());
      if (HasFailure()) return;
    }
  }

 private:
  static void CheckCut(const CutReply& reply, size_t cut, const Answer& answer) {
    const std::vector<std::string> within = reply.TextsWithin(cut);
    const bool whole = cut >= reply.done_at;
    // Texts that are read together with the cut may be taken back.
    if (whole || within.empty() || answer.status.ok()) {
      EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
      EXPECT_EQ(TextsOf(answer), reply.texts);
      ASSERT_EQ(answer.started.size(), 1u);
      EXPECT_EQ(answer.started[0].attempt(), whole ? 1 : 2);
      return;
    }
    EXPECT_EQ(answer.status.reason, "UPSTREAM_TRUNCATED") << answer.status.ToString();
    EXPECT_EQ(TextsOf(answer), within);
    EXPECT_EQ(answer.usage.size(), 1u);
    EXPECT_TRUE(answer.finished.empty()) << "a finish was invented";
  }
};
SLUICE_WITH_ENGINES(CutReplies);

TEST_P(CutReplies, ByFinAfterAnyByte) { Sweep(Cut::kFin, GetParam() == 1 ? 1 : 4); }

TEST_P(CutReplies, ByResetAfterAnyByte) { Sweep(Cut::kReset, 5); }

// ---- Connections of the pool that died.

TEST_P(FaultyConnections, ThatCloseAfterEachReplyAreNotUsedAgain) {
  Start([](const ReceivedRequest&, Conversation& wire) {
    Reply(wire, {chunks::Text("x"), chunks::Finish()});
    wire.Close();
  });
  for (int i = 0; i < 30; ++i) ASSERT_EQ(GoodOf(1), 1);
  EXPECT_EQ(ChatsSeen(), 30);
}

class ConnectionsThatDieWhenUsedAgain : public FaultyConnections {
 protected:
  void Run(void (Conversation::*die)()) {
    Start([=, served = std::make_shared<std::atomic<int>>(0)](const ReceivedRequest& request, Conversation& wire) {
      if (*served == request.connection) return (wire.*die)();
      *served = request.connection;
      Reply(wire, {chunks::Text("x"), chunks::Finish()});
    });
    for (int i = 0; i < 30; ++i) ASSERT_EQ(GoodOf(1), 1);
    EXPECT_GT(ChatsSeen(), 30) << "no connection was used again";
    EXPECT_EQ(Scrape().Sum("sluice_attempts_total"), 30);
  }
};
SLUICE_WITH_ENGINES(ConnectionsThatDieWhenUsedAgain);

TEST_P(ConnectionsThatDieWhenUsedAgain, ByFinAreReplacedAtOnce) { Run(&Conversation::Close); }
TEST_P(ConnectionsThatDieWhenUsedAgain, ByFinWithoutEndOfTlsAreReplacedAtOnce) { Run(&Conversation::Drop); }
TEST_P(ConnectionsThatDieWhenUsedAgain, ByResetAreReplacedAtOnce) { Run(&Conversation::Reset); }

class HalfThePoolDead : public FaultyConnections {
 protected:
  static constexpr int kCalls = 24;

  // Fills the pool; from then on every second of its connections dies when it is used.
  void Fill(bool die_when_used) {
    Options options;
    options.upstream = "pool: {idle: 100}";
    Start(
        [this, die_when_used](const ReceivedRequest& request, Conversation& wire) {
          if (filled_ && die_when_used && request.connection <= pooled_ && request.connection % 2 == 0) {
            return wire.Reset();
          }
          if (++running_ == kCalls) all_here_.Set();
          if (!filled_) wire.WaitFor(all_here_);
          Reply(wire, {chunks::Text("x"), chunks::Finish()});
        },
        options);
    ASSERT_EQ(GoodOf(kCalls), kCalls);
    pooled_ = upstream().counts().accepted;
    filled_ = true;
  }

  int pooled() const { return pooled_; }

 private:
  std::atomic<int> running_{0};
  std::atomic<int> pooled_{0};
  std::atomic<bool> filled_{false};
  fakes::Event all_here_;
};
SLUICE_WITH_ENGINES(HalfThePoolDead);

TEST_P(HalfThePoolDead, ClosedWhileIdle) {
  Fill(/*die_when_used=*/false);
  const int open = upstream().counts().open;
  EXPECT_GE(open, kCalls);
  for (int number = 2; number <= pooled(); number += 2) upstream().CloseConnection(number);
  ASSERT_TRUE(upstream().WaitUntil([&](const auto& counts) { return counts.open <= (open + 1) / 2; }));
  EXPECT_EQ(GoodOf(kCalls), kCalls);
}

TEST_P(HalfThePoolDead, DyingWhenUsed) {
  Fill(/*die_when_used=*/true);
  EXPECT_EQ(GoodOf(kCalls), kCalls);
  EXPECT_EQ(Scrape().Sum("sluice_attempts_total"), 2 * kCalls);
}

}  // namespace
}  // namespace sluice::integration
