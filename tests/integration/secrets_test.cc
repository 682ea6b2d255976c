// A marked key, prompt and answer are looked for in all that the real program writes.

#include <gmock/gmock.h>
#include <signal.h>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/harness.h"
#include "tests/integration/process.h"

namespace sluice::integration {
namespace {

constexpr char kKey[] = "HS-markedkey-5d1e7c";
constexpr char kOldKey[] = "markedbadkey-91ab03";
constexpr char kPrompt[] = "markedprompt-77f0aa";
constexpr char kAnswer[] = "markedanswer-3c20ee";
constexpr char kHeader[] = "markedheader-b8d411";

constexpr char kConfig[] = R"(
listen: {grpc: {address: "127.0.0.1:0"}, ops: "127.0.0.1:0"}
log: {level: debug}
upstreams:
  fake:
    dialect: openai
    base_url: "URL"
    api_key: "${MARKED_KEY}"
    api_key_prefix: "HS-"
    ca_file: CA
    headers: {X-Secret: "${MARKED_HEADER}"}
    timeouts: {first_byte: 300ms}
)";

// Misbehaves in every way that quotes what it was sent.
void Misbehave(const ReceivedRequest& request, Conversation& conversation) {
  const std::string echo = absl::StrCat("key ", request.Header("authorization"), " header ", request.Header("x-secret"),
                                        " prompt ", kPrompt, " answer ", kAnswer);
  const auto asked = [&](absl::string_view what) { return absl::StrContains(request.body, what); };
  if (request.method == "GET" || asked("do-401")) {
    conversation.SendReply(401, chunks::Error(echo, echo, echo), {{"x-request-id", "req_9"}});
  } else if (asked("do-400")) {
    conversation.SendReply(400, chunks::Error(echo, "invalid_request_error", "unsupported_parameter"));
  } else if (asked("do-429")) {
    conversation.SendReply(429, echo);
  } else if (asked("do-html")) {
    conversation.SendReply(200, absl::StrCat("<html>", echo, "</html>"), {{"Content-Type", "text/html"}});
  } else if (asked("do-redirect")) {
    conversation.SendReply(302, "", {{"Location", absl::StrCat("http://127.0.0.1/?key=", kKey, "&q=", kPrompt)}});
  } else if (asked("do-event")) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text(kAnswer));
    conversation.SendSse(chunks::Error(echo, echo, echo));
  } else if (asked("do-garbage")) {
    conversation.StartSse();
    conversation.SendSse(absl::StrCat("{broken ", echo));
  } else if (asked("do-cut")) {
    conversation.StartSse();
    conversation.SendSse(chunks::Text(kAnswer));
    conversation.Reset();
    return;
  } else if (asked("do-badhead")) {
    conversation.SendRaw(absl::StrCat("HTTP/1.1 200 ", echo, "\r\nbad header ", echo, "\r\n\r\n", echo));
    conversation.Close();
    return;
  } else if (asked("do-silence")) {
    conversation.WaitClosedByPeer();
  } else {
    conversation.StartSse();
    conversation.SendSse(chunks::Text(kAnswer));
    conversation.SendSse(chunks::Finish(kAnswer));
    conversation.SendSse(chunks::kDone);
    conversation.EndChunks();
    return;
  }
  conversation.Close();
}

std::string Written(const CallStatus& status) {
  std::string all = absl::StrCat(status.message, " ", status.reason, " ");
  for (const auto& [key, value] : status.metadata) absl::StrAppend(&all, key, "=", value, " ");
  for (const auto& violation : status.violations) absl::StrAppend(&all, violation.field, violation.description, " ");
  return all;
}

// What the callers are told, in statuses.
std::string MakeCalls(int port) {
  const Client client(Connect(port));
  std::string statuses;
  for (const char* how : {"do-well", "do-401", "do-400", "do-429", "do-html", "do-redirect", "do-event", "do-garbage",
                          "do-cut", "do-badhead", "do-silence"}) {
    const v1::ChatRequest request = Ask("m", absl::StrCat(kPrompt, " ", how));
    const Answer answer = ReadAll(client.Chat(request));
    EXPECT_EQ(answer.status.ok(), absl::string_view(how) == "do-well") << how << answer.status.ToString();
    absl::StrAppend(&statuses, how, ": ", Written(answer.status), "\n");
    absl::StrAppend(&statuses, Written(client.Complete(request).status), "\n");
  }
  v1::ChatRequest wrong = Ask("m", kPrompt);
  wrong.set_temperature(9);
  wrong.add_stop(kPrompt);
  wrong.set_extra_json(absl::StrCat("{\"", kPrompt, "\":1}"));
  wrong.mutable_messages(0)->set_name(kPrompt);
  absl::StrAppend(&statuses, Written(ReadAll(client.Chat(wrong)).status));
  ChatStream left = client.Chat(Ask("m", absl::StrCat(kPrompt, " do-silence")));
  left.Cancel();
  absl::StrAppend(&statuses, Written(left.status()));
  return statuses;
}

void ExpectUnmarked(const std::string& text, const char* where) {
  for (const char* mark : {kKey, kOldKey, kPrompt, kAnswer, kHeader}) {
    const size_t at = text.find(mark);
    EXPECT_EQ(at, std::string::npos) << mark << " in " << where << ": "
                                     << text.substr(at < 200 ? 0 : at - 200, at == std::string::npos ? 0 : 400);
  }
}

TEST(Secrets, AKeyAPromptAndAnAnswerAreFoundNowhereInWhatIsWritten) {
  ScriptedUpstream::Options server;
  server.tls = true;
  ScriptedUpstream upstream(server, Misbehave);
  TempDir dir;
  const std::string good =
      absl::StrReplaceAll(kConfig, {{"URL", upstream.Url("/v1")}, {"CA", dir.Write("ca.pem", upstream.ca_pem())}});
  const std::string path = dir.Write("sluice.yaml", good);
  GatewayProcess gateway(dir, path, {{"MARKED_KEY", kKey}, {"MARKED_HEADER", kHeader}});
  ASSERT_NE(gateway.grpc_port, 0) << gateway.process.output();

  const std::string statuses = MakeCalls(gateway.grpc_port);
  std::string pages;
  for (const std::string& bad :
       {absl::StrReplaceAll(good, {{"${MARKED_KEY}", kOldKey}}),                           // lacks the prefix
        absl::StrReplaceAll(good, {{"api_key:", "apikey:"}, {"${MARKED_KEY}", kKey}}),     // unknown field
        absl::StrReplaceAll(good, {{"\"${MARKED_KEY}\"", absl::StrCat("[", kKey, "]")}}),  // wrong type
        absl::StrReplaceAll(good, {{"300ms", "${MARKED_KEY}"}}),                           // a key where none belongs
        absl::StrCat(good, "\nbroken: [", kKey)}) {
    const double failed = Metrics(Fetch(gateway.ops_port, "/metrics").body).Sum("sluice_reloads_total");
    dir.Write("sluice.yaml", bad);
    gateway.process.Signal(SIGHUP);
    EXPECT_TRUE(Eventually(
        [&] { return Metrics(Fetch(gateway.ops_port, "/metrics").body).Sum("sluice_reloads_total") > failed; }));
  }
  for (const char* page : {"/metrics", "/readyz", "/livez", "/nothing"}) pages += Fetch(gateway.ops_port, page).body;
  EXPECT_GE(Metrics(pages).Sum("sluice_reloads_total", {{"result", "failed"}}), 5);
  gateway.process.Signal(SIGTERM);
  EXPECT_EQ(gateway.process.Wait(), 0);

  const std::string output = gateway.process.output();
  EXPECT_THAT(output, ::testing::HasSubstr("UPSTREAM_AUTH"));  // the calls did leave their lines
  EXPECT_THAT(output, ::testing::HasSubstr("the old one stays in force"));
  ExpectUnmarked(output, "the log");
  ExpectUnmarked(pages, "the pages");
  ExpectUnmarked(statuses, "the statuses");
}

TEST(Secrets, AConfigurationThatIsRefusedAtStartShowsNoKey) {
  TempDir dir;
  for (const char* line :
       {"api_key: markedbadkey-91ab03, api_key_prefix: HS-", "api_key: markedbadkey-91ab03, x: y",
        "api_key: [markedbadkey-91ab03]", "api_key: markedbadkey-91ab03, proxy: \"http://a:markedkey@\""}) {
    const std::string path = dir.Write(
        "bad.yaml", absl::StrCat("upstreams: {a: {dialect: openai, base_url: \"https://127.0.0.1/v1\", ", line, "}}"));
    for (const char* flag : {"--config", "--check-config"}) {
      Process process({SLUICE_GATEWAY, flag, path}, {});
      EXPECT_EQ(process.Wait(), 1) << line;
      EXPECT_THAT(process.output(), ::testing::HasSubstr("bad.yaml")) << line;
      EXPECT_THAT(process.output(), ::testing::Not(::testing::HasSubstr("marked"))) << line;
    }
  }
}

}  // namespace
}  // namespace sluice::integration
