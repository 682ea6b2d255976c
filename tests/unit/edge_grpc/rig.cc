#include "tests/unit/edge_grpc/rig.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/telemetry/log.h"

namespace sluice::edge {

Rig::Rig() {
  telemetry::SetLogLevel(telemetry::Level::kInfo);
  telemetry::SetLogSink([this](absl::string_view line) {
    const std::lock_guard lock(mutex_);
    log_.emplace_back(line);
  });
  client_.on_start = [this](std::shared_ptr<upstream::FakeCall> call) {
    call->on_change = [this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    };
    loop_.Post([this, call] {
      Script script;
      {
        const std::lock_guard lock(mutex_);
        script = script_;
        changed_.notify_all();
      }
      if (script) script(*call);
    });
  };
}

Rig::~Rig() {
  if (server_ != nullptr) {
    chat_.reset();
    models_.reset();
    server_->Drain(absl::ZeroDuration());
    loop_.Stop();
    thread_.join();
    server_.reset();
  }
  telemetry::SetLogSink(nullptr);
}

void Rig::Serve() {
  ServerOptions options;
  options.address = "127.0.0.1:0";
  options.open_calls = open_calls_;
  auto server = GrpcServer::Build(std::move(options), {&context_}, &ids_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  server_->Start();
  thread_ = std::thread([this] { loop_.Run(); });
  channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials());
  chat_ = v1::ChatService::NewStub(channel_);
  models_ = v1::ModelService::NewStub(channel_);
}

void Rig::SetScript(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void Rig::OnLoop(const std::function<void()>& task) {
  std::promise<void> done;
  loop_.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void Rig::WaitForUpstream(const std::function<bool(const upstream::FakeCall&)>& true_now) {
  for (;;) {
    std::unique_lock lock(mutex_);
    bool is_true = false;
    lock.unlock();
    OnLoop([&] { is_true = client_.size() > 0 && true_now(client_.call(0)); });
    if (is_true) return;
    lock.lock();
    // A change between the look and the wait is seen by the next look.
    changed_.wait_for(lock, std::chrono::milliseconds(50));
  }
}

std::vector<std::string> Rig::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

v1::ChatRequest Rig::Ask(const std::string& model) {
  v1::ChatRequest request;
  request.set_model(model);
  v1::Message* message = request.add_messages();
  message->set_role(v1::ROLE_USER);
  message->add_content()->set_text("hi");
  return request;
}

std::vector<std::string> Rig::Chat(const v1::ChatRequest& request, grpc::Status* status) {
  grpc::ClientContext context;
  return Chat(&context, request, status);
}

std::vector<std::string> Rig::Chat(grpc::ClientContext* context, const v1::ChatRequest& request, grpc::Status* status) {
  const auto reader = chat_->Chat(context, request);
  std::vector<std::string> events;
  v1::ChatResponse response;
  while (reader->Read(&response)) events.push_back(response.ShortDebugString());
  *status = reader->Finish();
  return events;
}

namespace {

// The detail of that full name, read as T.
template <typename T>
T Detail(const grpc::Status& status, const std::string& name) {
  T found;
  rpc::v1::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  for (const auto& any : details.details()) {
    if (any.type_url() != "type.googleapis.com/" + name) continue;
    EXPECT_TRUE(found.ParseFromString(any.value()));
  }
  return found;
}

}  // namespace

std::string ReasonOf(const grpc::Status& status) {
  return Detail<rpc::v1::ErrorInfo>(status, "google.rpc.ErrorInfo").reason();
}

std::map<std::string, std::string> MetadataOf(const grpc::Status& status) {
  const auto info = Detail<rpc::v1::ErrorInfo>(status, "google.rpc.ErrorInfo");
  return {info.metadata().begin(), info.metadata().end()};
}

v1::Usage UsageOf(const grpc::Status& status) { return Detail<v1::Usage>(status, "sluice.v1.Usage"); }

std::vector<std::string> FieldsOf(const grpc::Status& status) {
  std::vector<std::string> fields;
  const auto bad = Detail<rpc::v1::BadRequest>(status, "google.rpc.BadRequest");
  for (const auto& violation : bad.field_violations()) fields.push_back(violation.field());
  return fields;
}

}  // namespace sluice::edge
