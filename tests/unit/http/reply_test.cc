#include "server/http/reply.h"

#include "gtest/gtest.h"

namespace sluice::http {
namespace {

const absl::Time kDate = absl::FromUnixSeconds(784111777);  // the example date of RFC 9110 5.6.7

TEST(Reply, AWholeReplyNamesItsLength) {
  EXPECT_EQ(FormatHead({.status = 200, .content_type = "text/plain", .content_length = 5, .date = kDate}),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
            "Content-Length: 5\r\n\r\n");
}

TEST(Reply, AStreamIsChunkedAndHasNoLength) {
  EXPECT_EQ(FormatHead({.status = 200, .content_type = "text/event-stream", .chunked = true, .date = kDate}),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
}

TEST(Reply, ClosingAndKeepingAliveAreSaidWhereThePeerWouldAssumeTheOpposite) {
  EXPECT_NE(FormatHead({.keep_alive = false, .date = kDate}).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(FormatHead({.http_1_0 = true, .date = kDate}).find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_EQ(FormatHead({.date = kDate}).find("Connection:"), std::string::npos);
}

TEST(Reply, AnUnknownStatusKeepsTheEmptyPhrase) {
  EXPECT_EQ(FormatHead({.status = 599, .date = kDate}).substr(0, 14), "HTTP/1.1 599 \r");
}

TEST(Reply, ChunkSizesAreHexadecimal) {
  std::string out;
  AppendChunk(std::string(26, 'x'), out);
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(Reply, EmptyBytesAreNoChunkBecauseThatWouldEndTheBody) {
  std::string out;
  AppendChunk("", out);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace sluice::http
