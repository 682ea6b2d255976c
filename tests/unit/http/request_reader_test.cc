#include "server/http/request_reader.h"

#include "gtest/gtest.h"

namespace sluice::http {
namespace {

using State = RequestReader::State;

constexpr absl::string_view kPost =
    "POST /v1/chat?x=1&y=2 HTTP/1.1\r\nHost: a\r\nX-One: first\r\nx-one: second\r\nContent-Length: 5\r\n\r\nhello";

State FeedAll(RequestReader& reader, absl::string_view bytes) {
  std::string input(bytes);
  return reader.Feed(input);
}

State StateOf(absl::string_view bytes, int* status = nullptr) {
  RequestReader reader(1024, 100);
  const State state = FeedAll(reader, bytes);
  if (status != nullptr) *status = reader.error_status();
  return state;
}

int StatusOf(absl::string_view bytes) {
  int status = 0;
  EXPECT_EQ(StateOf(bytes, &status), State::kRefused) << bytes;
  return status;
}

TEST(RequestReader, ReadsTheSameRequestHoweverItIsSplit) {
  for (size_t split = 1; split < kPost.size(); ++split) {
    RequestReader reader(1024, 100);
    std::string input(kPost.substr(0, split));
    ASSERT_NE(reader.Feed(input), State::kComplete) << split;
    input += std::string(kPost.substr(split));
    ASSERT_EQ(reader.Feed(input), State::kComplete) << split;
    EXPECT_TRUE(input.empty());
    const Request request = reader.Take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/v1/chat");
    EXPECT_EQ(request.query, "x=1&y=2");
    EXPECT_EQ(request.body, "hello");
    EXPECT_EQ(request.Header("X-ONE"), "first");
    EXPECT_EQ(request.Header("missing"), "");
  }
}

TEST(RequestReader, LeavesTheNextRequestInTheInput) {
  RequestReader reader(1024, 100);
  std::string input = std::string(kPost) + "GET / HT";
  ASSERT_EQ(reader.Feed(input), State::kComplete);
  EXPECT_EQ(input, "GET / HT");
}

TEST(RequestReader, ReadsAChunkedBody) {
  RequestReader reader(1024, 100);
  ASSERT_EQ(FeedAll(reader,
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
            State::kComplete);
  EXPECT_EQ(reader.Take().body, "abcde");
}

TEST(RequestReader, SaysWhetherTheHeaderIsThere) {
  EXPECT_EQ(StateOf("GET / HTTP/1.1\r\nHost: a\r\n"), State::kHeader);
  EXPECT_EQ(StateOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab"), State::kBody);
}

TEST(RequestReader, RefusesABodyAboveTheLimitByItsLength) {
  EXPECT_EQ(StatusOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n"), 413);
}

TEST(RequestReader, RefusesAChunkedBodyAboveTheLimit) {
  EXPECT_EQ(StatusOf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x') +
                     "\r\n0\r\n\r\n"),
            413);
}

TEST(RequestReader, RefusesAHeaderAboveTheLimitWhetherOrNotItEnds) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x')), 431);
}

TEST(RequestReader, RefusesWhatIsNoHttp) {
  EXPECT_EQ(StatusOf("\x16\x03\x01\x02\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/3.9x\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesTwoFramingsOfOneBody) {
  EXPECT_EQ(StatusOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
}

TEST(RequestReader, Http11NeedsOneHost) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(StateOf("GET / HTTP/1.0\r\n\r\n"), State::kComplete);
}

TEST(RequestReader, TakesTheAbsoluteFormOfATarget) {
  RequestReader reader(1024, 100);
  ASSERT_EQ(FeedAll(reader, "GET http://a:1/b?c HTTP/1.1\r\nHost: a:1\r\n\r\n"), State::kComplete);
  const Request request = reader.Take();
  EXPECT_EQ(request.path, "/b");
  EXPECT_EQ(request.query, "c");
}

TEST(RequestReader, AnAbsoluteTargetWithoutAPathMeansTheRoot) {
  RequestReader reader(1024, 100);
  ASSERT_EQ(FeedAll(reader, "GET http://a?c HTTP/1.1\r\nHost: a\r\n\r\n"), State::kComplete);
  const Request request = reader.Take();
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.query, "c");
}

TEST(RequestReader, RefusesToBeAProxy) { EXPECT_EQ(StatusOf("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 400); }

TEST(RequestReader, KnowsWhatTheConnectionAllows) {
  RequestReader modern(1024, 100);
  FeedAll(modern, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_TRUE(modern.keep_alive());
  EXPECT_TRUE(modern.chunked_reply_allowed());
  EXPECT_TRUE(modern.expects_continue());
  RequestReader closing(1024, 100);
  FeedAll(closing, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_FALSE(closing.keep_alive());
  EXPECT_FALSE(closing.expects_continue());
  RequestReader old(1024, 100);
  FeedAll(old, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(old.keep_alive());
  EXPECT_FALSE(old.chunked_reply_allowed());
}

}  // namespace
}  // namespace sluice::http
