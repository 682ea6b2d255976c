#ifndef SLUICE_TESTS_UNIT_CLIENT_FAKE_GATEWAY_H_
#define SLUICE_TESTS_UNIT_CLIENT_FAKE_GATEWAY_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "sluice/rpc/v1/status.pb.h"
#include "sluice/v1/chat.grpc.pb.h"
#include "sluice/v1/models.grpc.pb.h"

namespace sluice::testing {

// A gateway in the test's own process, on a port of its own. What it answers is set before the call, as functions.
class FakeGateway final : public v1::ChatService::Service, public v1::ModelService::Service {
 public:
  using Writer = grpc::ServerWriter<v1::ChatResponse>;

  explicit FakeGateway(std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", std::move(credentials), &port);
    builder.RegisterService(static_cast<v1::ChatService::Service*>(this));
    builder.RegisterService(static_cast<v1::ModelService::Service*>(this));
    server_ = builder.BuildAndStart();
    address_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeGateway() override { server_->Shutdown(); }

  const std::string& address() const { return address_; }
  void SetServing(bool serving) { server_->GetHealthCheckService()->SetServingStatus(serving); }

  std::function<grpc::Status(grpc::ServerContext*, const v1::ChatRequest&, Writer*)> on_chat;
  std::function<grpc::Status(const v1::ChatRequest&, v1::CompleteResponse*)> on_complete;
  std::function<grpc::Status(v1::ListModelsResponse*)> on_models;

 private:
  grpc::Status Chat(grpc::ServerContext* context, const v1::ChatRequest* request, Writer* writer) override {
    return on_chat(context, *request, writer);
  }
  grpc::Status Complete(grpc::ServerContext*, const v1::CompleteRequest* request,
                        v1::CompleteResponse* response) override {
    return on_complete(request->chat(), response);
  }
  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* response) override {
    return on_models(response);
  }

  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

inline v1::ChatResponse Text(const std::string& text) {
  v1::ChatResponse event;
  event.mutable_delta()->set_text(text);
  return event;
}

// A status as the gateway makes it: Google's type URLs round our messages.
class StatusBuilder {
 public:
  StatusBuilder(grpc::StatusCode code, const std::string& message) {
    status_.set_code(code);
    status_.set_message(message);
  }
  StatusBuilder& Add(const std::string& name, const google::protobuf::Message& detail) {
    google::protobuf::Any* any = status_.add_details();
    any->set_type_url("type.googleapis.com/google.rpc." + name);
    any->set_value(detail.SerializeAsString());
    return *this;
  }
  StatusBuilder& Reason(const std::string& reason, const std::map<std::string, std::string>& metadata = {}) {
    rpc::v1::ErrorInfo info;
    info.set_domain("sluice");
    info.set_reason(reason);
    info.mutable_metadata()->insert(metadata.begin(), metadata.end());
    return Add("ErrorInfo", info);
  }
  grpc::Status Build() const {
    return {static_cast<grpc::StatusCode>(status_.code()), status_.message(), status_.SerializeAsString()};
  }

 private:
  rpc::v1::Status status_;
};

}  // namespace sluice::testing

#endif  // SLUICE_TESTS_UNIT_CLIENT_FAKE_GATEWAY_H_
