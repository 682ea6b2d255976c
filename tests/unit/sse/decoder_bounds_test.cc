#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/sse/decoder.h"

// What the decoder keeps, copies, allocates and refuses.

namespace {

// Counted on the test's own thread; the tests run one at a time.
size_t g_allocations = 0;
size_t g_largest = 0;

void* CountedNew(size_t size) {
  ++g_allocations;
  if (size > g_largest) g_largest = size;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  std::abort();
}

}  // namespace

void* operator new(size_t size) { return CountedNew(size); }
void* operator new[](size_t size) { return CountedNew(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }

namespace sluice::sse {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

// Counts, and stops the decoder where it is told to.
class Counter final : public Handler {
 public:
  explicit Counter(Decoder& decoder) : decoder_(decoder) {}
  void OnEvent(const Event& event) override {
    ++events;
    data_bytes = event.data.size();
    data_at = event.data.data();
    if (event.data == "stop") decoder_.Stop();
  }
  void OnUnknownField(absl::string_view name, absl::string_view value) override {
    ++unknown;
    unknown_bytes = name.size() + value.size();
    if (value == "stop") decoder_.Stop();
  }

  int events = 0;
  int unknown = 0;
  size_t unknown_bytes = 0;
  size_t data_bytes = 0;
  const char* data_at = nullptr;

 private:
  Decoder& decoder_;
};

void FeedInPieces(absl::string_view stream, size_t piece, Decoder& decoder, Handler& handler) {
  for (size_t at = 0; at < stream.size(); at += piece) {
    ASSERT_TRUE(decoder.Feed(stream.substr(at, piece), handler).ok());
  }
}

TEST(SseDecoderStop, IgnoresTheRestOfTheSameFeedAndLaterOnes) {
  Decoder decoder;
  Counter counter(decoder);
  EXPECT_TRUE(decoder.Feed("data: a\n\ndata: stop\n\ndata: b\n\nx: y\n", counter).ok());
  EXPECT_TRUE(decoder.Feed("data: c\n\n", counter).ok());
  EXPECT_EQ(counter.events, 2);
  EXPECT_EQ(counter.unknown, 0);
}

TEST(SseDecoderStop, WorksFromAnUnknownField) {
  Decoder decoder;
  Counter counter(decoder);
  EXPECT_TRUE(decoder.Feed("error: stop\ndata: b\n\n", counter).ok());
  EXPECT_EQ(counter.events, 0);
  EXPECT_EQ(counter.unknown, 1);
}

TEST(SseDecoderCopies, HandsOverAWholeEventWithoutCopying) {
  Decoder decoder;
  Counter counter(decoder);
  const std::string chunk = "event: delta\r\ndata: {\"a\":1}\r\n\r\n";
  ASSERT_TRUE(decoder.Feed(chunk, counter).ok());
  EXPECT_EQ(counter.data_at, chunk.data() + chunk.find('{'));
}

TEST(SseDecoderCopies, DoesNotAllocatePerEvent) {
  std::string stream;
  for (int i = 0; i < 50; ++i) {
    absl::StrAppend(&stream, ": keep-alive\n\nevent: content_block_delta_with_a_long_name\nid: ", i,
                    "-an-id-too-long-for-the-small-string\ndata: {\"text\":\"", std::string(300, 'x'),
                    "\"}\n\ndata: two\ndata: lines \xFF\n\n");
  }
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{100}, size_t{1500}, stream.size()}) {
    Decoder decoder;
    Counter counter(decoder);
    FeedInPieces(stream, piece, decoder, counter);
    const size_t before = g_allocations;
    FeedInPieces(stream, piece, decoder, counter);
    EXPECT_EQ(g_allocations - before, 0u) << "in pieces of " << piece;
    EXPECT_EQ(counter.events, 200);
  }
}

TEST(SseDecoderMemory, CommentsNeedNone) {
  Decoder decoder(1000);
  Counter counter(decoder);
  const std::string comment = ":" + std::string(300'000, 'c');
  g_largest = 0;
  FeedInPieces(comment, 1000, decoder, counter);
  EXPECT_LT(g_largest, 1000u);
  FeedInPieces("\ndata: a\n\n", 1, decoder, counter);
  EXPECT_EQ(counter.events, 1);
  EXPECT_EQ(counter.unknown, 0);
}

TEST(SseDecoderMemory, LongUnknownLinesAreDroppedUnbuffered) {
  const std::string line = "junk: " + std::string(kMiB, 'j');
  for (const size_t piece : {size_t{1}, size_t{1000}, 2 * kMiB}) {
    Decoder decoder(1000);
    Counter counter(decoder);
    g_largest = 0;
    FeedInPieces(line, piece, decoder, counter);
    if (piece < kMiB) {
      EXPECT_LE(g_largest, 3 * Decoder::kMaxUnknownLineBytes);
    }
    FeedInPieces("\ndata: a\n\n", 3, decoder, counter);
    EXPECT_EQ(counter.unknown, 0);
    EXPECT_EQ(counter.events, 1);
  }
}

TEST(SseDecoderMemory, UnknownLinesAreHandedOverUpToTheirBound) {
  for (const size_t piece : {size_t{1}, size_t{1000}, kMiB}) {
    Decoder decoder(1000);
    Counter counter(decoder);
    const std::string fits = "x:" + std::string(Decoder::kMaxUnknownLineBytes - 2, 'j');
    FeedInPieces(fits + "\n" + fits + "j\n", piece, decoder, counter);
    EXPECT_EQ(counter.unknown, 1) << piece;
    EXPECT_EQ(counter.unknown_bytes, fits.size() - 1);
  }
}

TEST(SseDecoderMemory, IsGivenBackAfterAGiantEvent) {
  Decoder decoder;
  Counter counter(decoder);
  const std::string giant = "data: " + std::string(kMiB, 'g') + "\ndata: tail\n\n";
  FeedInPieces(giant, 4096, decoder, counter);
  EXPECT_EQ(counter.data_bytes, kMiB + 5);
  const std::string small = "data: a\ndata: b\n\n";
  FeedInPieces(small, 4, decoder, counter);
  // Had a buffer of the giant's size been kept, a second giant would not have to grow one again.
  g_largest = 0;
  FeedInPieces(giant, 4096, decoder, counter);
  EXPECT_GE(g_largest, kMiB);
  EXPECT_EQ(counter.events, 3);
}

TEST(SseDecoderTime, OneMebibyteInOneByteReadsGrowsTheBufferByDoublingOnly) {
  Decoder decoder;
  Counter counter(decoder);
  const std::string stream = "data: " + std::string(kMiB, 'x') + "\n\n";
  const size_t before = g_allocations;
  FeedInPieces(stream, 1, decoder, counter);
  EXPECT_EQ(counter.data_bytes, kMiB);
  EXPECT_LT(g_allocations - before, 40u);
}

TEST(SseDecoderTime, ManyShortLinesOfOneKindOfEndInOneRead) {
  // A decoder that searched the whole rest of the read for the other kind of end on every line would need about
  // 10^12 steps here and run into the test's time limit.
  for (const char* end : {"\r", "\n"}) {
    Decoder decoder;
    Counter counter(decoder);
    std::string stream;
    while (stream.size() < 8 * kMiB) absl::StrAppend(&stream, "data:", end, end);
    ASSERT_TRUE(decoder.Feed(stream, counter).ok());
    EXPECT_EQ(counter.events, static_cast<int>(stream.size() / 7));
  }
}

// Feeds until refused; the number of events before, or -1 when all was taken.
int EventsBeforeRefusal(absl::string_view stream, size_t piece, size_t cap) {
  Decoder decoder(cap);
  Counter counter(decoder);
  for (size_t at = 0; at < stream.size(); at += piece) {
    const absl::Status status = decoder.Feed(stream.substr(at, piece), counter);
    if (status.ok()) continue;
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(absl::StrCat("max_event_bytes, ", cap)));
    EXPECT_EQ(decoder.Feed("data: more\n\n", counter), status);
    return counter.events;
  }
  return -1;
}

TEST(SseDecoderCap, RefusesALineOrEventPastIt) {
  const std::string fits = "data: " + std::string(94, 'x') + "\n\n";  // a line of exactly 100 bytes
  const std::string line = "data: " + std::string(95, 'x');
  const std::string lines = "data: " + std::string(60, 'x') + "\ndata: " + std::string(40, 'x') + "\n";
  const std::string with_type = "event: " + std::string(60, 'x') + "\ndata: " + std::string(41, 'x') + "\n";
  const std::string with_id = "id: " + std::string(60, 'x') + "\ndata: " + std::string(41, 'x') + "\n";
  // Forty bytes that grow to 120 when each is replaced.
  const std::string repaired = "data: " + std::string(40, '\xFF') + "\n";
  const std::string unknown = "x: " + std::string(500, 'x') + "\n: " + std::string(500, 'x') + "\n";
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{33}, size_t{5000}}) {
    EXPECT_EQ(EventsBeforeRefusal(fits + fits, piece, 100), -1) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + unknown + fits, piece, 100), -1) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + line, piece, 100), 1) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + line + "\n\n", piece, 100), 1) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + fits + lines, piece, 100), 2) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + with_type, piece, 100), 1) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + with_id, piece, 100), 1) << piece;
    EXPECT_EQ(EventsBeforeRefusal(fits + repaired, piece, 100), 1) << piece;
  }
}

TEST(SseDecoderCap, TakesEightMebibytesByDefault) {
  Decoder decoder;
  Counter counter(decoder);
  FeedInPieces("data: " + std::string(8 * kMiB - 6, 'x') + "\n\n", 16384, decoder, counter);
  EXPECT_EQ(counter.data_bytes, 8 * kMiB - 6);
  EXPECT_EQ(EventsBeforeRefusal("data: " + std::string(8 * kMiB, 'x'), 16384, Decoder::kDefaultMaxEventBytes), 0);
}

}  // namespace
}  // namespace sluice::sse
