#include "tests/integration/harness.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/telemetry/log.h"

namespace sluice::integration {

Answer ReadAll(ChatStream stream) {
  Answer answer;
  for (const v1::ChatResponse& event : stream) {
    answer.events.push_back(event);
    if (event.has_started()) answer.started.push_back(event.started());
    if (event.has_finished()) answer.finished.push_back(event.finished());
    if (event.has_usage()) answer.usage.push_back(event.usage());
    if (!event.has_delta()) continue;
    ++answer.deltas;
    answer.text += event.delta().text();
  }
  answer.status = stream.status();
  answer.request_id = stream.request_id();
  return answer;
}

v1::ChatRequest Ask(absl::string_view model, absl::string_view prompt) {
  v1::ChatRequest request;
  request.set_model(std::string(model));
  v1::Message* message = request.add_messages();
  message->set_role(v1::ROLE_USER);
  message->add_content()->set_text(std::string(prompt));
  return request;
}

void Reply(Conversation& conversation, const std::vector<std::string>& events) {
  conversation.StartSse({{"x-request-id", "req_1"}});
  for (const std::string& event : events) conversation.SendSse(event);
  conversation.SendLastSse(chunks::kDone);
}

std::vector<std::string> TextReply(const std::vector<std::string>& texts) {
  std::vector<std::string> events = {chunks::Role()};
  for (const std::string& text : texts) events.push_back(chunks::Text(text));
  events.push_back(chunks::Finish());
  events.push_back(chunks::Usage(3, 5));
  return events;
}

HttpAnswer Fetch(int port, absl::string_view path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  HttpAnswer answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    static_cast<void>(!send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    std::string all;
    std::array<char, 65536> buffer;
    for (ssize_t n = 0; (n = recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      all.append(buffer.data(), static_cast<size_t>(n));
    }
    const size_t head = all.find("\r\n\r\n");
    if (head != std::string::npos && all.size() > 12) {
      static_cast<void>(absl::SimpleAtoi(all.substr(9, 3), &answer.status));
      answer.body = all.substr(head + 4);
    }
  }
  close(fd);
  return answer;
}

double Metrics::Sum(absl::string_view name, const std::map<std::string, std::string>& labels) const {
  double sum = 0;
  for (const absl::string_view line : absl::StrSplit(text_, '\n')) {
    if (!absl::StartsWith(line, name)) continue;
    const char after = line.size() > name.size() ? line[name.size()] : '\0';
    if (after != '{' && after != ' ') continue;
    bool all = true;
    for (const auto& [key, value] : labels) all = all && absl::StrContains(line, absl::StrCat(key, "=\"", value, "\""));
    double number = 0;
    if (all && absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &number)) sum += number;
  }
  return sum;
}

bool Eventually(const std::function<bool()>& yes) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);  // a hang, on any machine
  while (std::chrono::steady_clock::now() < end) {
    if (yes()) return true;
    std::this_thread::yield();
  }
  return false;
}

size_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

std::shared_ptr<grpc::Channel> Connect(int port, std::shared_ptr<grpc::ChannelCredentials> credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  if (credentials == nullptr) credentials = grpc::InsecureChannelCredentials();
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port), credentials, arguments);
}

GatewayTest::GatewayTest() {
  telemetry::SetLogSink([this](absl::string_view line) {
    const std::lock_guard lock(log_mutex_);
    log_.emplace_back(line);
  });
}

GatewayTest::~GatewayTest() {
  client_.reset();
  channel_.reset();
  gateway_.reset();
  upstream_.reset();
  telemetry::SetLogSink(nullptr);
  if (!HasFailure()) return;
  const size_t first = log_.size() > 15 ? log_.size() - 15 : 0;
  for (size_t i = first; i < log_.size(); ++i) std::fprintf(stderr, "%s\n", log_[i].c_str());
}

void GatewayTest::Start(Handler chat, const Options& options, ScriptedUpstream::Options server) {
  server.tls = true;
  upstream_ = std::make_unique<ScriptedUpstream>(
      std::move(server), [chat = std::move(chat)](const ReceivedRequest& request, Conversation& conversation) {
        if (request.method != "GET") return chat(request, conversation);
        conversation.SendReply(200, R"({"object":"list","data":[{"id":"m","object":"model","owned_by":"fake"}]})",
                               {{"Content-Type", "application/json"}});
      });
  auto snapshot = Load(options);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  auto gateway = app::Gateway::Start(*snapshot);
  ASSERT_TRUE(gateway.ok()) << gateway.status();
  gateway_ = *std::move(gateway);
  channel_ = Connect(gateway_->grpc_port());
  client_.emplace(channel_);
  ASSERT_TRUE(Eventually([&] {
    return absl::StrContains(Fetch(gateway_->ops_port(), "/readyz").body, "\"checked_at\":\"");
  })) << Fetch(gateway_->ops_port(), "/readyz").body;
}

absl::StatusOr<config::SnapshotPtr> GatewayTest::Load(const Options& options) const {
  config::Environment environment;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    if (name == "KEY") return "sk-test";
    return std::nullopt;
  };
  environment.read_file = [&](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == "upstream-ca.pem") return options.ca_pem.empty() ? upstream_->ca_pem() : options.ca_pem;
    const auto it = options.files.find(path);
    if (it == options.files.end()) return absl::NotFoundError("no such file");
    return it->second;
  };
  const std::string base_url = options.base_url.empty() ? upstream_->Url("/v1") : options.base_url;
  return config::LoadText(absl::StrCat("listen: {grpc: {address: \"127.0.0.1:0\"", options.grpc,
                                       "}, ops: \"127.0.0.1:0\"}\nengines: ", GetParam(),
                                       "\nupstreams:\n  fake:\n    dialect: openai\n    base_url: \"", base_url,
                                       "\"\n    api_key: \"${KEY}\"\n    ca_file: upstream-ca.pem\n    ",
                                       options.upstream, "\n", options.top, "\n"),
                          "test.yaml", environment, {"openai"});
}

std::vector<std::string> GatewayTest::LogLines() const {
  const std::lock_guard lock(log_mutex_);
  return log_;
}

int GatewayTest::ChatsSeen() const {
  int chats = 0;
  for (const ReceivedRequest& request : upstream_->requests()) chats += request.method == "POST";
  return chats;
}

std::string EnginesName(const ::testing::TestParamInfo<int>& info) { return absl::StrCat(info.param); }

}  // namespace sluice::integration
