#include "server/edge/http/ops_endpoints.h"

#include <map>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "server/json/tape.h"

namespace sluice::edge_http {
namespace {

// Records the one whole reply.
class RecordingResponder final : public http::Responder {
 public:
  void AddHeader(absl::string_view name, absl::string_view value) override {
    headers[std::string(name)] = std::string(value);
  }
  void Send(int sent_status, absl::string_view sent_type, std::string sent_body) override {
    ++replies;
    status = sent_status;
    content_type = std::string(sent_type);
    body = std::move(sent_body);
  }
  void Begin(int, absl::string_view) override { ADD_FAILURE() << "ops replies are whole"; }
  void Write(std::string) override { ADD_FAILURE() << "ops replies are whole"; }
  void End() override { ADD_FAILURE() << "ops replies are whole"; }
  void After(absl::Duration, absl::AnyInvocable<void()>) override { ADD_FAILURE() << "ops replies come at once"; }
  void OnClosed(absl::AnyInvocable<void()>) override {}

  int replies = 0;
  int status = 0;
  std::string content_type;
  std::string body;
  std::map<std::string, std::string> headers;
};

class OpsEndpointsTest : public testing::Test {
 protected:
  RecordingResponder Ask(const std::string& method, const std::string& path) {
    const auto responder = std::make_shared<RecordingResponder>();
    http::Request request;
    request.method = method;
    request.path = path;
    handler_(request, responder);
    EXPECT_EQ(responder->replies, 1);
    return *responder;
  }

  int scrapes_ = 0;
  const std::shared_ptr<Readiness> readiness_ = std::make_shared<Readiness>();
  const http::Handler handler_ = NewOpsEndpoints(
      readiness_,
      {[this] { return "sluice_scrapes " + std::to_string(++scrapes_) + "\n"; }, "text/plain; version=0.0.4"});
};

TEST_F(OpsEndpointsTest, MetricsAreScrapedAnewForEachRequest) {
  EXPECT_EQ(Ask("GET", "/metrics").body, "sluice_scrapes 1\n");
  const auto reply = Ask("GET", "/metrics");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "text/plain; version=0.0.4");
  EXPECT_EQ(reply.body, "sluice_scrapes 2\n");
}

TEST_F(OpsEndpointsTest, LiveInEveryPhase) {
  EXPECT_EQ(Ask("GET", "/livez").status, 200);
  readiness_->SetReady();
  EXPECT_EQ(Ask("GET", "/livez").status, 200);
  readiness_->SetDraining();
  EXPECT_EQ(Ask("GET", "/livez").status, 200);
  EXPECT_EQ(Ask("HEAD", "/livez").status, 200);
}

TEST_F(OpsEndpointsTest, ReadyOnlyBetweenStartUpAndDraining) {
  EXPECT_EQ(Ask("GET", "/readyz").status, 503);
  EXPECT_EQ(Ask("GET", "/readyz").body, R"({"ready":false,"reason":"starting","upstreams":[]})"
                                        "\n");
  readiness_->SetReady();
  EXPECT_EQ(Ask("GET", "/readyz").status, 200);
  readiness_->SetDraining();
  EXPECT_EQ(Ask("GET", "/readyz").status, 503);
  EXPECT_EQ(Ask("GET", "/readyz").body, R"({"ready":false,"reason":"draining","upstreams":[]})"
                                        "\n");
}

TEST_F(OpsEndpointsTest, ReadyWithEveryUpstreamDownAndTheBodySaysSo) {
  readiness_->SetReady();
  readiness_->SetUpstream("holysheep", {.reachable = false, .detail = "connect: refused"});
  readiness_->SetUpstream("openai", {.reachable = false, .status = 503});
  const auto reply = Ask("GET", "/readyz");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/json");
  json::Tape tape;
  ASSERT_EQ(tape.Parse(reply.body), json::Tape::Result::kOk);
  int down = 0;
  for (const json::Value upstream : tape.root().Find("upstreams").elements()) {
    down += upstream.Find("reachable").kind() == json::Kind::kFalse ? 1 : 0;
  }
  EXPECT_EQ(down, 2);
}

TEST_F(OpsEndpointsTest, TellsEverythingAboutAnUpstream) {
  readiness_->SetUpstream("a", {.reachable = true,
                                .status = 200,
                                .models = 7,
                                .latency = absl::Microseconds(12500),
                                .checked_at = absl::FromUnixMillis(1'700'000'000'250),
                                .detail = "said \"fine\""});
  EXPECT_EQ(Ask("GET", "/readyz").body,
            R"({"ready":false,"reason":"starting","upstreams":[{"name":"a","reachable":true,"status":200,"models":7,)"
            R"("latency_ms":12.5,"checked_at":"2023-11-14T22:13:20.250Z","detail":"said \"fine\""}]})"
            "\n");
}

TEST_F(OpsEndpointsTest, AnUpstreamNotYetLookedAtHasNoTime) {
  readiness_->SetUpstream("a", {});
  EXPECT_NE(Ask("GET", "/readyz").body.find(R"("checked_at":null)"), std::string::npos);
}

TEST_F(OpsEndpointsTest, OtherPathsAre404AndListTheEndpoints) {
  for (const char* path : {"/", "/healthz", "/metrics/", "/readyz/x"}) {
    const auto reply = Ask("GET", path);
    EXPECT_EQ(reply.status, 404) << path;
    for (const char* endpoint : {"/metrics", "/livez", "/readyz"}) {
      EXPECT_NE(reply.body.find(endpoint), std::string::npos) << path;
    }
  }
  EXPECT_EQ(scrapes_, 0);
}

TEST_F(OpsEndpointsTest, OtherMethodsAre405AndNameTheAllowed) {
  for (const char* path : {"/metrics", "/livez", "/readyz"}) {
    auto reply = Ask("POST", path);
    EXPECT_EQ(reply.status, 405) << path;
    EXPECT_EQ(reply.headers["Allow"], "GET, HEAD") << path;
  }
  EXPECT_EQ(scrapes_, 0);
}

}  // namespace
}  // namespace sluice::edge_http
