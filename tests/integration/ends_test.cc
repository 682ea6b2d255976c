// How an answer can end: well, or not.

#include "tests/integration/harness.h"

namespace sluice::integration {
namespace {

using chunks::Finish;
using chunks::kDone;
using chunks::Role;
using chunks::Text;
using grpc::StatusCode;

class Ends : public GatewayTest {
 protected:
  // The caller's view of one chat whose upstream does `chat` when it is asked once.
  Answer After(Handler chat, Options options = {}) {
    absl::StrAppend(&options.upstream, options.upstream.empty() ? "" : "\n    ", "retry: {attempts: 1}");
    Start(std::move(chat), options);
    return Chat();
  }
};
SLUICE_WITH_ENGINES(Ends);

void SendAll(Conversation& conversation, const std::vector<std::string>& events) {
  conversation.StartSse();
  for (const std::string& event : events) conversation.SendSse(event);
}

void ExpectFailed(const Answer& answer, StatusCode code, const char* reason) {
  EXPECT_EQ(answer.status.code, code) << answer.status.ToString();
  EXPECT_EQ(answer.status.reason, reason) << answer.status.ToString();
  EXPECT_TRUE(answer.finished.empty()) << "a finish was invented";
}

TEST_P(Ends, EofAfterAFinishReasonIsAGoodEnd) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("x"), Finish()});
    conversation.EndChunks();
  });
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.finished.size(), 1u);
}

TEST_P(Ends, TheEndMarkWithoutAFinishReasonIsAGoodEnd) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("x"), kDone});
    conversation.EndChunks();
  });
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_TRUE(answer.finished.empty());
}

TEST_P(Ends, NothingAfterTheEndMarkCounts) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("x"), Finish(), kDone, Text("y"), chunks::Error("late", "server_error", "")});
    conversation.Close();
  });
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.text, "x");
}

TEST_P(Ends, ACutStreamDeliversItsDeltasAndUsageAndThenFails) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Role(), Text("one "), Text("two"), chunks::Usage(3, 2)});
    conversation.Close();
  });
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_TRUNCATED");
  EXPECT_EQ(answer.text, "one two");
  ASSERT_EQ(answer.usage.size(), 1u);
  EXPECT_EQ(answer.usage[0].completion_tokens(), 2);
  EXPECT_TRUE(answer.events.back().has_usage());
}

TEST_P(Ends, AnOrderlyEndWithoutFinishOrEndMarkIsTruncated) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("x")});
    conversation.EndChunks();
  });
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_TRUNCATED");
  EXPECT_EQ(answer.text, "x");
}

TEST_P(Ends, AnEmptyReplyIsTruncated) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    conversation.StartSse();
    conversation.EndChunks();
  });
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_TRUNCATED");
  EXPECT_TRUE(answer.events.empty());
}

TEST_P(Ends, AConnectionThatClosesBeforeItAnswersIsTruncated) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) { conversation.Reset(); });
  EXPECT_EQ(answer.status.code, StatusCode::UNAVAILABLE) << answer.status.ToString();
  EXPECT_TRUE(answer.events.empty());
}

TEST_P(Ends, AnErrorEventInMidStreamComesAfterTheDeltasBeforeIt) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("par"), chunks::Error("gone", "overloaded_error", "503"), kDone});
    conversation.EndChunks();
  });
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_OVERLOADED");
  EXPECT_EQ(answer.text, "par");
}

TEST_P(Ends, AnErrorAfterTheFinishReasonStillCounts) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("par"), Finish(), chunks::Error("gone", "server_error", ""), kDone});
    conversation.EndChunks();
  });
  ExpectFailed(answer, StatusCode::INTERNAL, "UPSTREAM_ERROR");
}

TEST_P(Ends, AnHtmlPageIsNoStream) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(200, "<!doctype html><html>Welcome</html>", {{"Content-Type", "text/html"}});
  });
  ExpectFailed(answer, StatusCode::INTERNAL, "UPSTREAM_NOT_SSE");
}

TEST_P(Ends, AWholeJsonCompletionBecomesAStream) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(
        200,
        R"({"id":"c9","object":"chat.completion","model":"m-9","choices":[{"index":0,"message":{"role":"assistant",)"
        R"("content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}})",
        {{"Content-Type", "application/json"}});
  });
  EXPECT_TRUE(answer.status.ok()) << answer.status.ToString();
  EXPECT_EQ(answer.text, "whole");
  EXPECT_EQ(answer.started.at(0).completion_id(), "c9");
  EXPECT_EQ(answer.usage.at(0).total_tokens(), 3);
}

TEST_P(Ends, AJsonErrorUnderStatus200IsAnError) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    conversation.SendReply(200, chunks::Error("no money", "new_api_error", "insufficient_user_quota"),
                           {{"Content-Type", "application/json"}});
  });
  ExpectFailed(answer, StatusCode::RESOURCE_EXHAUSTED, "INSUFFICIENT_QUOTA");
}

TEST_P(Ends, BrokenJsonIsAProtocolError) {
  const Answer answer = After([](const ReceivedRequest&, Conversation& conversation) {
    SendAll(conversation, {Text("x"), R"({"choices":[{)", kDone});
    conversation.EndChunks();
  });
  ExpectFailed(answer, StatusCode::INTERNAL, "UPSTREAM_PROTOCOL");
  EXPECT_EQ(answer.text, "x");
}

TEST_P(Ends, SilenceInMidStreamTimesOutAndKeepsWhatCame) {
  Options options;
  options.upstream = "timeouts: {idle: 700ms}";
  const Answer answer = After(
      [](const ReceivedRequest&, Conversation& conversation) {
        SendAll(conversation, {Text("x"), chunks::Usage(1, 1)});
        EXPECT_TRUE(conversation.WaitClosedByPeer());
      },
      options);
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_TIMEOUT");
  EXPECT_EQ(answer.text, "x");
  EXPECT_EQ(answer.usage.size(), 1u);
}

TEST_P(Ends, ADeadPortIsUnreachable) {
  int dead_port = 0;
  {
    dead_port = ScriptedUpstream([](const ReceivedRequest&, Conversation&) {}).port();
  }
  Options options;
  options.base_url = absl::StrCat("http://127.0.0.1:", dead_port, "/v1");
  const Answer answer = After([](const ReceivedRequest&, Conversation&) {}, options);
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(answer.status.metadata.at("stage"), "connect");
}

TEST_P(Ends, AnUnknownAuthorityIsRefusedBeforeAnythingIsSent) {
  Options options;
  options.ca_pem = fakes::Authority().Pem();
  const Answer answer = After([](const ReceivedRequest&, Conversation&) {}, options);
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(answer.status.metadata.at("stage"), "tls");
  EXPECT_EQ(upstream().counts().requests, 0);
}

TEST_P(Ends, ACertificateForAnotherNameIsRefused) {
  ScriptedUpstream::Options server;
  server.certificate.names = "DNS:elsewhere.example";
  Start([](const ReceivedRequest&, Conversation&) {}, {}, server);
  const Answer answer = Chat();
  ExpectFailed(answer, StatusCode::UNAVAILABLE, "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(upstream().counts().requests, 0);
}

}  // namespace
}  // namespace sluice::integration
