#ifndef SLUICE_TESTS_INTEGRATION_HARNESS_H_
#define SLUICE_TESTS_INTEGRATION_HARNESS_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/app/gateway.h"
#include "sluice/client.h"
#include "sluice/v1/chat.grpc.pb.h"
#include "sluice/v1/models.grpc.pb.h"
#include "tests/fakes/scripted_upstream.h"
#include "tests/integration/chunks.h"

namespace sluice::integration {

using fakes::Conversation;
using fakes::ReceivedRequest;
using fakes::ScriptedUpstream;

// One whole stream, as its caller saw it.
struct Answer {
  std::vector<v1::ChatResponse> events;
  std::string text;  // of all choices
  int deltas = 0;
  std::vector<v1::Started> started;
  std::vector<v1::Finished> finished;
  std::vector<v1::Usage> usage;
  CallStatus status;
  std::string request_id;
};
Answer ReadAll(ChatStream stream);

// A request with one user message.
v1::ChatRequest Ask(absl::string_view model = "m", absl::string_view prompt = "hello");

// Streams `events` and the end mark, with the provider's request id "req_1". The reply's end comes with the mark: a
// caller that goes on at once finds the connection free.
void Reply(Conversation& conversation, const std::vector<std::string>& events);
std::vector<std::string> TextReply(const std::vector<std::string>& texts);  // role, texts, finish "stop", usage 3/5

struct HttpAnswer {
  int status = 0;
  std::string body;
};
HttpAnswer Fetch(int port, absl::string_view path);

// The text of /metrics, to be asked.
class Metrics {
 public:
  explicit Metrics(std::string text) : text_(std::move(text)) {}
  // Of all series of that name whose labels hold these.
  double Sum(absl::string_view name, const std::map<std::string, std::string>& labels = {}) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Asks again and again until the answer is yes; false after thirty seconds. For states that announce themselves to
// nobody; `yes` must itself take a round trip.
bool Eventually(const std::function<bool()>& yes);

size_t ResidentBytes();

// A channel with a connection of its own.
std::shared_ptr<grpc::Channel> Connect(int port, std::shared_ptr<grpc::ChannelCredentials> credentials = nullptr);

struct Options {
  std::string upstream;  // more lines of the upstream's mapping in YAML, as "timeouts: {idle: 200ms}"
  std::string top;       // more lines of the whole file
  std::string grpc;      // more of listen.grpc, as ", tls: {...}"
  std::string ca_pem;    // "": the scripted upstream's own authority
  std::string base_url;  // "": the scripted upstream
  std::map<std::string, std::string> files;  // what the configuration may read, by path
};

// One gateway between a real gRPC client and a scripted TLS upstream. The parameter is the number of engines. The
// handler sees chats only: GET /v1/models, which the gateway asks at start, is answered with the model "m".
class GatewayTest : public ::testing::TestWithParam<int> {
 protected:
  using Handler = ScriptedUpstream::Handler;

  GatewayTest();
  ~GatewayTest() override;

  // Returns once the gateway has asked the upstream for its models.
  void Start(Handler chat, const Options& options = {}, ScriptedUpstream::Options server = {});
  absl::StatusOr<config::SnapshotPtr> Load(const Options& options) const;

  ScriptedUpstream& upstream() { return *upstream_; }
  app::Gateway& gateway() { return *gateway_; }
  const Client& client() const { return *client_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  void StopGateway() { gateway_.reset(); }

  Answer Chat(const v1::ChatRequest& request = Ask(), const CallOptions& options = {}) const {
    return ReadAll(client_->Chat(request, options));
  }
  Metrics Scrape() const { return Metrics(Fetch(gateway_->ops_port(), "/metrics").body); }
  std::vector<std::string> LogLines() const;
  int ChatsSeen() const;  // requests that reached the upstream, without GET /v1/models

 private:
  mutable std::mutex log_mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<ScriptedUpstream> upstream_;
  std::unique_ptr<app::Gateway> gateway_;
  std::shared_ptr<grpc::Channel> channel_;
  std::optional<Client> client_;
};

std::string EnginesName(const ::testing::TestParamInfo<int>& info);

#define SLUICE_WITH_ENGINES(suite) \
  INSTANTIATE_TEST_SUITE_P(Engines, suite, ::testing::Values(1, 4), ::sluice::integration::EnginesName)

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_HARNESS_H_
