#include "server/upstream/reply_head_reader.h"

#include <gtest/gtest.h>

namespace sluice::upstream {
namespace {

using Got = ReplyHeadReader::Got;

TEST(ReplyHeadReaderTest, GathersAReplyWithNamesInLowerCaseAndOrderKept) {
  ReplyHeadReader reader;
  EXPECT_EQ(reader.Add("HTTP/1.1 429 Too Many Requests\r\n"), Got::kFirst);
  EXPECT_EQ(reader.Add("Retry-After:  3 \r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("X-Empty:\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("X-Time: 12:30\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("no colon\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("\r\n"), Got::kComplete);
  EXPECT_EQ(reader.head().status, 429);
  EXPECT_EQ(reader.head().headers, (Headers{{"retry-after", "3"}, {"x-empty", ""}, {"x-time", "12:30"}}));
}

TEST(ReplyHeadReaderTest, TheStatusLineOfHttp2) {
  ReplyHeadReader reader;
  EXPECT_EQ(reader.Add("HTTP/2 200 \r\n"), Got::kFirst);
  EXPECT_EQ(reader.head().status, 200);
}

TEST(ReplyHeadReaderTest, InterimRepliesAreSwallowed) {
  ReplyHeadReader reader;
  EXPECT_EQ(reader.Add("HTTP/1.1 103 Early Hints\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("Link: </a>\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("HTTP/1.1 200 OK\r\n"), Got::kFirst);
  EXPECT_EQ(reader.Add("\r\n"), Got::kComplete);
  EXPECT_TRUE(reader.head().headers.empty());
}

TEST(ReplyHeadReaderTest, AFoldedLineContinuesTheOneBefore) {
  ReplyHeadReader reader;
  reader.Add("HTTP/1.1 200 OK\r\n");
  reader.Add("X-A: one\r\n");
  reader.Add("\t two\r\n");
  EXPECT_EQ(reader.head().Header("x-a"), "one two");
}

TEST(ReplyHeadReaderTest, TrailersChangeNothing) {
  ReplyHeadReader reader;
  reader.Add("HTTP/1.1 200 OK\r\n");
  reader.Add("\r\n");
  EXPECT_EQ(reader.Add("X-Trailer: 1\r\n"), Got::kMore);
  EXPECT_EQ(reader.Add("\r\n"), Got::kMore);
  EXPECT_TRUE(reader.head().headers.empty());
}

TEST(ReplyHeadReaderTest, TheSizeIsBoundedAcrossInterimReplies) {
  ReplyHeadReader reader;
  const std::string line = "X-A: " + std::string(1000, 'a') + "\r\n";
  size_t bytes = 0;
  while (bytes + line.size() <= ReplyHeadReader::kMaxBytes) {
    ASSERT_EQ(reader.Add(line), Got::kMore);
    bytes += line.size();
  }
  EXPECT_EQ(reader.Add(line), Got::kTooLarge);
}

}  // namespace
}  // namespace sluice::upstream
