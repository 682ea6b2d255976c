// A delta's way through attempt, decoders, exchange and ledger must not allocate: at a hundred thousand of them a
// second the heap would be the gateway's main work.

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/unit/allocations.h"
#include "tests/unit/exchange/world.h"

namespace sluice::exchange {
namespace {

class CountingConsumer final : public Consumer {
 public:
  void OnStarted(const Started&) override {}
  void OnDelta(const chat::Delta& delta) override {
    ++deltas;
    bytes += delta.text.size() + delta.tool.arguments.size();
  }
  void OnWarning(const chat::Warning&) override {}
  void OnAnnotation(const chat::Annotation&) override {}
  void OnModeration(const chat::Moderation&) override {}
  void OnFinished(const chat::Finished&) override {}
  void OnUsage(const chat::Usage&) override {}
  void OnRetract() override {}
  void OnEnd(const chat::Error*) override {}

  int deltas = 0;
  size_t bytes = 0;
};

class ExchangeAllocationTest : public World {
 protected:
  ~ExchangeAllocationTest() override { exchange_.reset(); }  // before the consumer

  upstream::FakeCall& OpenStream() {
    ledger_.emplace(clock_, Operation::kChat, "req-7", "ipv4:127.0.0.1:4711", plan_);
    exchange_.emplace(context_, CallFacts(), &*ledger_, &counted_);
    exchange_->Start(Ask("gpt-4.1"), {});
    client_.last().Sent();
    client_.last().Head(200);
    return client_.last();
  }
  // How often it allocates to take `bytes` `times` over in reads of `read` bytes, 20 ms apart.
  size_t AllocationsOf(upstream::FakeCall& call, const std::string& bytes, size_t read, int times) {
    const size_t before = Allocations();
    for (int i = 0; i < times; ++i) {
      for (size_t at = 0; at < bytes.size(); at += read) call.Body(absl::string_view(bytes).substr(at, read));
      clock_.Advance(absl::Milliseconds(20));
    }
    return Allocations() - before;
  }

  CountingConsumer counted_;
};

// Every kind of delta, none of whose texts fits a small string, as one read and cut in places that change all the time.
// The clock moves far enough for the meter's flush into the shared metrics, which is part of a stream's course.
TEST_F(ExchangeAllocationTest, DeltasInTheSteadyStateAllocateNothing) {
  const std::string text = "a text that fits no small string, whatever the library";
  const auto chunk = [](const std::string& delta) {
    return Event(absl::StrCat(R"({"id":"c1","choices":[{"index":0,"delta":)", delta, R"(,"finish_reason":null}]})"));
  };
  const std::string chunks[] = {
      TextChunk(text),
      chunk(absl::StrCat(R"({"reasoning_content":")", text, R"("})")),
      chunk(
          absl::StrCat(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":")", text, R"("}}]})")),
  };
  for (const std::string& event : chunks) {
    for (const size_t read : {event.size(), size_t{100}, size_t{7}}) {
      counted_ = CountingConsumer();
      upstream::FakeCall& call = OpenStream();
      AllocationsOf(call, event, read, 400);  // eight seconds: more than one flush
      EXPECT_EQ(AllocationsOf(call, event, read, 1000), 0u) << event << " in reads of " << read;
      EXPECT_EQ(counted_.deltas, 1400);
      EXPECT_EQ(counted_.bytes, 1400 * text.size());
      exchange_.reset();
    }
  }
}

TEST_F(ExchangeAllocationTest, OneReadOfManyDeltasAllocatesNothing) {
  std::string bulk;
  for (int i = 0; i < 50; ++i) bulk += TextChunk("a text that fits no small string, whatever the library");
  upstream::FakeCall& call = OpenStream();
  AllocationsOf(call, bulk, bulk.size(), 400);
  EXPECT_EQ(AllocationsOf(call, bulk, bulk.size(), 400), 0u);
  EXPECT_EQ(counted_.deltas, 2 * 400 * 50);
}

}  // namespace
}  // namespace sluice::exchange
