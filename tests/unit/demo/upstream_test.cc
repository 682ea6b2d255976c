#include "server/demo/upstream.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/fake_id.h"
#include "tests/unit/http/test_client.h"

namespace sluice::demo {
namespace {

using http::TestClient;
using testing::HasSubstr;

class DemoUpstreamTest : public testing::Test {
 protected:
  void SetUp() override { Start(absl::ZeroDuration()); }

  void Start(absl::Duration pace) {
    DemoUpstream::Options options;
    options.pace = pace;
    options.ids = &ids_;
    auto started = DemoUpstream::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    demo_ = *std::move(started);
    port_ = std::atoi(demo_->base_url().c_str() + std::string("https://127.0.0.1:").size());
  }

  // Trusts nothing but the demo's own authority.
  TestClient NewClient() { return TestClient(port_, /*tls=*/true, TLS1_3_VERSION, demo_->ca_pem()); }

  void Ask(TestClient& client, const std::string& method, const std::string& path, const std::string& body = "") {
    client.Send(absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer ", demo_->api_key(),
                             "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  }

  static std::string Echo(const std::string& text, const std::string& more) {
    return R"({"model":"demo-echo","messages":[{"role":"user","content":")" + text + "\"}]" + more + "}";
  }

  FakeIdSource ids_;
  std::unique_ptr<DemoUpstream> demo_;
  int port_ = 0;
};

TEST_F(DemoUpstreamTest, ItsAddressIsAnHttpsBaseUrl) {
  EXPECT_TRUE(absl::StartsWith(demo_->base_url(), "https://127.0.0.1:"));
  EXPECT_TRUE(absl::EndsWith(demo_->base_url(), "/v1"));
  EXPECT_GT(port_, 0);
}

TEST_F(DemoUpstreamTest, AClientThatTrustsAnotherAuthorityDoesNotConnect) {
  const auto other = DemoUpstream::Start();
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(TestClient(port_, /*tls=*/true, TLS1_3_VERSION, (*other)->ca_pem()).connected());
  EXPECT_TRUE(NewClient().connected());
}

TEST_F(DemoUpstreamTest, EachStartHasItsOwnKey) {
  const auto one = DemoUpstream::Start();
  const auto two = DemoUpstream::Start();
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE((*one)->api_key(), (*two)->api_key());
}

TEST_F(DemoUpstreamTest, WantsItsKey) {
  TestClient client = NewClient();
  for (const std::string& header :
       {std::string(), std::string("Authorization: Bearer wrong\r\n"),
        "Authorization: Basic " + demo_->api_key() + "\r\n", "Authorization: Bearer " + demo_->api_key() + "x\r\n"}) {
    client.Send("GET /v1/models HTTP/1.1\r\nHost: demo\r\n" + header + "\r\n");
    const auto reply = client.ReadReply();
    EXPECT_EQ(reply.status, 401) << header;
    EXPECT_THAT(reply.head, HasSubstr("WWW-Authenticate: Bearer\r\n"));
    EXPECT_THAT(reply.body, HasSubstr(R"("code":"invalid_api_key")"));
  }
}

TEST_F(DemoUpstreamTest, ListsItsModels) {
  TestClient client = NewClient();
  Ask(client, "GET", "/v1/models");
  const auto reply = client.ReadReply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("x-request-id: req_"));
  EXPECT_THAT(reply.body, HasSubstr(R"("id":"demo-echo")"));
}

TEST_F(DemoUpstreamTest, StreamsTheEchoOneWordAChunkInTheApisOrder) {
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions",
      Echo("one two three", R"(,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream"));
  for (const char* part : {R"("role":"assistant")", R"({"content":"one"})", R"({"content":" two"})",
                           R"({"content":" three"})", R"("finish_reason":"stop")",
                           R"("choices":[],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6})"}) {
    EXPECT_THAT(client.ReadChunk(), HasSubstr(part));
  }
  EXPECT_EQ(client.ReadChunk(), "data: [DONE]\n\n");
  EXPECT_EQ(client.ReadChunk(), "");
  Ask(client, "GET", "/v1/models");
  EXPECT_EQ(client.ReadReply().status, 200);
}

TEST_F(DemoUpstreamTest, WithoutTheOptionThereIsNoUsage) {
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions", Echo("x", R"(,"stream":true)"));
  client.ReadUntil("\r\n\r\n");
  std::string all;
  for (std::string chunk = client.ReadChunk(); !chunk.empty() && chunk != "CUT"; chunk = client.ReadChunk())
    all += chunk;
  EXPECT_EQ(all.find("usage"), std::string::npos);
  EXPECT_TRUE(absl::EndsWith(all, "data: [DONE]\n\n"));
}

TEST_F(DemoUpstreamTest, AStreamEndsByLengthAtTheTokenLimit) {
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions", Echo("a b c", R"(,"stream":true,"max_tokens":1)"));
  client.ReadUntil("\r\n\r\n");
  client.ReadChunk();
  EXPECT_THAT(client.ReadChunk(), HasSubstr(R"({"content":"a"})"));
  EXPECT_THAT(client.ReadChunk(), HasSubstr(R"("finish_reason":"length")"));
}

TEST_F(DemoUpstreamTest, AnswersWholeWithoutStream) {
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions", R"({"model":"demo","messages":[{"role":"user","content":"hi"}]})");
  const auto reply = client.ReadReply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body, HasSubstr("1 message and 2 characters"));
}

TEST_F(DemoUpstreamTest, ErrorsAreTheApis) {
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions", "{");
  EXPECT_EQ(client.ReadReply().status, 400);
  Ask(client, "POST", "/v1/chat/completions", R"({"model":"x","messages":[{"role":"user","content":"hi"}]})");
  auto reply = client.ReadReply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr(R"("code":"model_not_found")"));
  Ask(client, "GET", "/v1/nothing");
  reply = client.ReadReply();
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr(R"({"error":{"message":"Unknown request URL: GET /v1/nothing")"));
  Ask(client, "GET", "/v1/chat/completions");
  reply = client.ReadReply();
  EXPECT_EQ(reply.status, 405);
  EXPECT_THAT(reply.head, HasSubstr("Allow: POST\r\n"));
}

TEST_F(DemoUpstreamTest, WordsWaitForTheirPace) {
  Start(absl::Hours(1));
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions", Echo("never", R"(,"stream":true)"));
  client.ReadUntil("\r\n\r\n");
  EXPECT_THAT(client.ReadChunk(), HasSubstr(R"("role":"assistant")"));
  demo_.reset();  // with the word still due
  EXPECT_EQ(client.ReadChunk(), "CUT");
}

TEST_F(DemoUpstreamTest, AClientThatLeavesDisturbsNobody) {
  std::string words;
  for (int i = 0; i < 5000; ++i) words += "word ";
  {
    TestClient leaver = NewClient();
    Ask(leaver, "POST", "/v1/chat/completions", Echo(words, R"(,"stream":true)"));
    leaver.ReadUntil("\r\n\r\n");
    leaver.ReadChunk();
  }
  TestClient client = NewClient();
  Ask(client, "POST", "/v1/chat/completions", Echo("still here", ""));
  EXPECT_THAT(client.ReadReply().body, HasSubstr("still here"));
}

}  // namespace
}  // namespace sluice::demo
