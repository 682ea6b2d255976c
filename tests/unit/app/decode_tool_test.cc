#include "server/app/decode_tool.h"

#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sluice::app {
namespace {

using ::testing::HasSubstr;

// A captured stream with all that a chat can bring: comments, a role chunk, reasoning, text cut inside a character by
// any split, a tool call, a finish, usage.
constexpr char kCapture[] =
    ": PING\n\n"
    "data: "
    "{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}"
    "\r\n\r\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"caf\xC3\xA9 \xF0\x9F\x98\x80\"}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_a\",\"type\":\"function\","
    "\"function\":{\"name\":\"now\",\"arguments\":\"{}\"}}]}}]}\n\n"
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\n\n"
    "data: [DONE]\n\n";

struct Decoded {
  absl::Status status;
  std::string out;
};

Decoded Decode(const std::string& what, size_t split, const std::string& capture) {
  std::istringstream in(capture);
  std::ostringstream out;
  Decoded decoded;
  decoded.status = DecodeStream(what, split, in, out);
  decoded.out = out.str();
  return decoded;
}

TEST(DecodeToolTest, PrintsTheChatEventsALineEach) {
  const Decoded decoded = Decode("openai", 0, kCapture);
  EXPECT_TRUE(decoded.status.ok()) << decoded.status;
  EXPECT_EQ(decoded.out,
            "{\"event\":\"identity\",\"completion_id\":\"c1\",\"model\":\"m\"}\n"
            "{\"event\":\"delta\",\"choice\":0,\"reasoning\":\"hm\"}\n"
            "{\"event\":\"delta\",\"choice\":0,\"text\":\"caf\xC3\xA9 \xF0\x9F\x98\x80\"}\n"
            "{\"event\":\"delta\",\"choice\":0,\"tool_call\":{\"index\":0,\"type\":\"function\",\"id\":\"call_a\","
            "\"name\":\"now\","
            "\"arguments\":\"{}\"}}\n"
            "{\"event\":\"finished\",\"choice\":0,\"reason\":\"tool_calls\",\"native\":\"tool_calls\"}\n"
            "{\"event\":\"usage\",\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}\n"
            "{\"event\":\"done\",\"code\":\"OK\"}\n");
}

TEST(DecodeToolTest, TheOutputDoesNotDependOnTheSplit) {
  for (const char* what : {"openai", "sse"}) {
    const std::string whole = Decode(what, 0, kCapture).out;
    EXPECT_FALSE(whole.empty());
    for (size_t split = 1; split <= sizeof kCapture; ++split) {
      EXPECT_EQ(Decode(what, split, kCapture).out, whole) << what << " by " << split;
    }
  }
}

TEST(DecodeToolTest, TheBareEventsAreShownWithWhatSseIgnores) {
  const Decoded decoded = Decode("sse", 0, "event: error\nid: 7\ndata: a\ndata: b\n\nretry: 250\nerror: {}\n\n");
  EXPECT_TRUE(decoded.status.ok());
  EXPECT_THAT(decoded.out, HasSubstr("{\"event\":\"sse\",\"type\":\"error\",\"data\":\"a\\nb\",\"id\":\"7\"}\n"));
  EXPECT_THAT(decoded.out, HasSubstr("{\"event\":\"retry\",\"ms\":250}\n"));
  EXPECT_THAT(decoded.out, HasSubstr("{\"event\":\"unknown_field\",\"name\":\"error\",\"value\":\"{}\"}\n"));
}

TEST(DecodeToolTest, ACaptureThatEndsInAnErrorIsNotOkAndStillShown) {
  const Decoded decoded =
      Decode("openai", 0,
             "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"par\"}}]}\n\n"
             "data: {\"error\":{\"message\":\"gone\",\"type\":\"t\",\"code\":\"server_is_overloaded\"}}\n\n");
  EXPECT_FALSE(decoded.status.ok());
  EXPECT_THAT(decoded.out, HasSubstr("\"text\":\"par\""));
  EXPECT_THAT(decoded.out,
              HasSubstr("{\"event\":\"done\",\"code\":\"UNAVAILABLE\",\"reason\":\"UPSTREAM_OVERLOADED\""));
  EXPECT_THAT(decoded.out, HasSubstr("\"provider_message\":\"gone\""));
}

TEST(DecodeToolTest, ACaptureThatStopsShortIsNotOk) {
  const Decoded decoded =
      Decode("openai", 0, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"par\"}}]}\n\n");
  EXPECT_FALSE(decoded.status.ok());
  EXPECT_THAT(decoded.out, HasSubstr("UPSTREAM_TRUNCATED"));
}

TEST(DecodeToolTest, AnUnknownDialectListsTheKnown) {
  const Decoded decoded = Decode("opnai", 0, kCapture);
  EXPECT_THAT(std::string(decoded.status.message()), HasSubstr("opnai"));
  EXPECT_THAT(std::string(decoded.status.message()), HasSubstr("sse, "));
  EXPECT_THAT(std::string(decoded.status.message()), HasSubstr("openai"));
  EXPECT_EQ(decoded.out, "");
}

}  // namespace
}  // namespace sluice::app
