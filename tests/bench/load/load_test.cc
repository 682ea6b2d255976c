// What the load programs' verdicts rest on: that the checks see every delta, however it is cut, and miss no fault.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sluice/v1/chat.pb.h"
#include "tests/bench/load/call.h"
#include "tests/bench/load/chat_wire.h"
#include "tests/bench/load/delta_scanner.h"
#include "tests/bench/load/histogram.h"
#include "tests/bench/load/reply_reader.h"
#include "tests/bench/load/script.h"

namespace sluice::bench {
namespace {

constexpr size_t kTextBytes = 30;
constexpr int kDeltas = 5;
constexpr char kHead[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string Reply() {
  Script script(kDeltas, kTextBytes);
  return absl::StrCat(script.head(), script.Deltas(0, kDeltas, 1234), script.end());
}

// What came of a reply that was read in pieces.
struct Outcome {
  std::string body;
  std::vector<int64_t> numbers;  // -1 for a text that is not of the length expected
  bool done = false;
  ReplyReader::Step last = ReplyReader::Step::kMore;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome ReadInPieces(absl::string_view bytes, size_t piece_bytes) {
  Outcome outcome;
  ReplyReader reader;
  DeltaScanner scanner(kTextBytes);
  while (!bytes.empty()) {
    absl::string_view piece = bytes.substr(0, piece_bytes), body;
    bytes.remove_prefix(piece.size());
    while ((outcome.last = reader.Next(&piece, &body)) == ReplyReader::Step::kBody) {
      outcome.body.append(body.data(), body.size());
      scanner.Feed(body, [&](absl::string_view text) {
        outcome.numbers.push_back(text.size() == kTextBytes ? Stamp::Of(text).number : -1);
      });
    }
  }
  outcome.done = scanner.done();
  return outcome;
}

std::vector<int64_t> Scan(absl::string_view body) {
  return ReadInPieces(absl::StrCat(kHead, absl::Hex(body.size()), "\r\n", body, "\r\n0\r\n\r\n"), 1 << 20).numbers;
}

TEST(LoadReplyTest, FindsEachDeltaHoweverTheBytesAreCut) {
  const std::string reply = Reply();
  for (size_t piece_bytes = 1; piece_bytes <= reply.size(); ++piece_bytes) {
    const Outcome outcome = ReadInPieces(reply, piece_bytes);
    EXPECT_EQ(outcome.numbers, (std::vector<int64_t>{0, 1, 2, 3, 4})) << piece_bytes;
    EXPECT_TRUE(outcome.done) << piece_bytes;
    ASSERT_EQ(outcome.last, ReplyReader::Step::kEnd) << piece_bytes;
  }
}

TEST(LoadReplyTest, FindsEachDeltaHoweverARelayCutsTheChunks) {
  const Outcome whole = ReadInPieces(Reply(), 1 << 20);
  for (size_t chunk_bytes = 1; chunk_bytes < 400; ++chunk_bytes) {
    std::string relayed = kHead;
    for (absl::string_view rest = whole.body; !rest.empty();) {
      const absl::string_view chunk = rest.substr(0, chunk_bytes);
      absl::StrAppend(&relayed, absl::Hex(chunk.size()), "\r\n", chunk, "\r\n");
      rest.remove_prefix(chunk.size());
    }
    ASSERT_EQ(ReadInPieces(relayed + "0\r\n\r\n", 1 << 20), whole) << chunk_bytes;
  }
}

TEST(LoadReplyTest, TakesTextsOnlyAndTellsTornOnes) {
  const std::string right = "0000007 0000000000001234xxxxxx";
  EXPECT_EQ(Scan(R"({"content":null} {"content":""} {"content": ")" + right + R"("} {"content":")" + right + "\"}"),
            (std::vector<int64_t>{7, 7}));
  EXPECT_EQ(Scan(R"({"content":")" + right + "x\"}"), std::vector<int64_t>{-1});
  EXPECT_EQ(Scan(R"({"content":"0000007 00000000"},"logprobs":null})"), std::vector<int64_t>{-1});
}

TEST(LoadReplyTest, RefusesWhatIsNoStream) {
  for (const char* const head : {"HTTP/1.1 502 Bad Gateway\r\ntransfer-encoding: chunked\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"}) {
    EXPECT_EQ(ReadInPieces(head, 1 << 20).last, ReplyReader::Step::kError) << head;
  }
}

TEST(LoadCallTest, TakesTheDeltaThatIsDueAndNoOther) {
  Call call;
  ASSERT_TRUE(call.Take("0000000 0000000000001000xx", 26));
  ASSERT_TRUE(call.Take("0000001 0000000000001000xx", 26));
  EXPECT_FALSE(call.Take("0000001 0000000000001000xx", 26)) << "doubled";
  EXPECT_FALSE(call.Take("0000003 0000000000001001xx", 26)) << "one is missing";
  EXPECT_FALSE(call.Take("0000002 0000000000001001x", 26)) << "torn";
  EXPECT_FALSE(call.Take("0000002 000000000 001001xx", 26)) << "no stamp";
  EXPECT_FALSE(call.Take("0000002 0000000000000999xx", 26)) << "sent before the last one: another stream's";
  EXPECT_TRUE(call.Take("0000002 0000000000001001xx", 26));
}

TEST(LoadChatWireTest, WritesRequestsAsTheContractHasThem) {
  for (const int count : {0, 2, 128'000}) {
    v1::ChatRequest request;
    int messages = 0;
    Deframer deframer;
    ASSERT_TRUE(deframer.Feed(FramedChatRequest(count), [&](absl::string_view message) {
      ++messages;
      ASSERT_TRUE(request.ParseFromArray(message.data(), static_cast<int>(message.size())));
    }));
    EXPECT_EQ(messages, 1);
    EXPECT_EQ(request.model(), "bench");
    EXPECT_EQ(request.messages(0).role(), v1::ROLE_USER);
    EXPECT_EQ(request.messages(0).content(0).text(), "go");
    EXPECT_EQ(request.has_max_tokens(), count > 0);
    EXPECT_EQ(request.max_tokens(), count);
  }
}

TEST(LoadChatWireTest, ReadsTheTextOfADeltaAndOfNothingElse) {
  v1::ChatResponse response;
  response.mutable_delta()->set_choice(3);
  response.mutable_delta()->set_text(std::string(300, 'a'));
  response.mutable_delta()->add_logprobs()->set_logprob(-1.5);
  const std::string delta = response.SerializeAsString();
  absl::string_view text;
  ASSERT_TRUE(DeltaText(delta, &text));
  EXPECT_EQ(text, std::string(300, 'a'));
  EXPECT_FALSE(DeltaText(absl::string_view(delta).substr(0, 200), &text));

  response.mutable_started()->set_model("bench");
  const std::string started = response.SerializeAsString();
  ASSERT_TRUE(DeltaText(started, &text));
  EXPECT_EQ(text, "");
}

TEST(LoadChatWireTest, CutsFramesHoweverTheBytesAreCut) {
  const std::string frames = FramedChatRequest(1) + FramedChatRequest(2) + FramedChatRequest(3);
  for (size_t piece_bytes = 1; piece_bytes <= frames.size(); ++piece_bytes) {
    Deframer deframer;
    std::vector<int> counts;
    for (absl::string_view rest = frames; !rest.empty();) {
      const absl::string_view piece = rest.substr(0, piece_bytes);
      rest.remove_prefix(piece.size());
      ASSERT_TRUE(deframer.Feed(piece, [&](absl::string_view message) { counts.push_back(message.back()); }));
    }
    EXPECT_EQ(counts, (std::vector<int>{1, 2, 3})) << piece_bytes;
    EXPECT_TRUE(deframer.whole());
  }
  Deframer compressed;
  EXPECT_FALSE(compressed.Feed(absl::string_view("\1\0\0\0\1x", 6), [](absl::string_view) {}));
}

TEST(LoadHistogramTest, KnowsPercentilesWithinOnePercent) {
  Histogram histogram;
  for (int64_t us = 1; us <= 100'000; ++us) histogram.Record(us * 1000);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(0.5)), 50e6, 0.5e6);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(0.99)), 99e6, 1e6);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(0.999)), 99.9e6, 1e6);
  EXPECT_EQ(histogram.max(), 100'000'000);
  EXPECT_EQ(histogram.count(), 100'000u);
}

}  // namespace
}  // namespace sluice::bench
