#include "sluice/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <future>
#include <limits>

#include "sluice/call_context.h"
#include "sluice/rpc/v1/health.pb.h"
#include "sluice/v1/chat.grpc.pb.h"
#include "sluice/v1/models.grpc.pb.h"

namespace sluice {
namespace {

// gRPC's own limit of 4 MiB is below what a gathered answer with audio or many choices can have.
constexpr int kMaxMessageBytes = 64 << 20;
// As long as a request fits in here, gRPC can send it anew; its own 256 KiB are less than many a prompt.
constexpr int kRetryBufferBytes = 32 << 20;

// See ServiceConfig in client.h. CANCELLED is what gRPC makes of a call that reaches a server in the moment between its
// shutdown and the caller's hearing of it: no service has seen such a call. A caller's own cancellation is never
// retried.
constexpr char kServiceConfig[] = R"({
  "loadBalancingConfig": [{"round_robin": {}}],
  "methodConfig": [{
    "name": [{"service": "sluice.v1.ChatService"}, {"service": "sluice.v1.ModelService"}],
    "retryPolicy": {
      "maxAttempts": 3,
      "initialBackoff": "0.05s",
      "maxBackoff": "1s",
      "backoffMultiplier": 2,
      "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"]
    }
  }]
})";

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::optional<TlsOptions>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls->ca;
  options.pem_cert_chain = tls->certificate;
  options.pem_private_key = tls->key;
  return grpc::SslCredentials(options);
}

grpc::ChannelArguments Arguments(const ClientOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, kRetryBufferBytes);
  if (options.keepalive > std::chrono::milliseconds::zero()) {
    const auto limit = std::chrono::milliseconds(std::numeric_limits<int>::max());
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(std::min(options.keepalive, limit).count()));
    // By default gRPC stops after two pings without data, which is just when a silent answer needs them.
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  if (options.tls && !options.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->server_name);
  }
  return arguments;
}

}  // namespace

const char* ServiceConfig() { return kServiceConfig; }

Client::Client(const ClientOptions& options)
    : channel_(grpc::CreateCustomChannel(options.address, Credentials(options.tls), Arguments(options))) {}

ChatStream Client::Chat(const v1::ChatRequest& request, const CallOptions& options) const {
  return ChatStream::Start(channel_, request, options);
}

Result<v1::CompleteResponse> Client::Complete(const v1::ChatRequest& request, const CallOptions& options) const {
  Result<v1::CompleteResponse> result;
  grpc::ClientContext context;
  result.status = Apply(options, &context);
  if (!result.status.ok()) return result;
  v1::CompleteRequest wrapped;
  *wrapped.mutable_chat() = request;
  result.status = DecodeStatus(v1::ChatService::NewStub(channel_)->Complete(&context, wrapped, &result.response));
  return result;
}

Result<v1::ListModelsResponse> Client::ListModels(const CallOptions& options) const {
  Result<v1::ListModelsResponse> result;
  grpc::ClientContext context;
  result.status = Apply(options, &context);
  if (!result.status.ok()) return result;
  result.status = DecodeStatus(v1::ModelService::NewStub(channel_)->ListModels(&context, {}, &result.response));
  return result;
}

Result<bool> Client::IsServing(const CallOptions& options) const {
  Result<bool> result{{}, false};
  grpc::ClientContext context;
  result.status = Apply(options, &context);
  if (!result.status.ok()) return result;
  const rpc::v1::HealthCheckRequest request;
  rpc::v1::HealthCheckResponse response;
  std::promise<grpc::Status> done;
  grpc::TemplatedGenericStub<rpc::v1::HealthCheckRequest, rpc::v1::HealthCheckResponse> stub(channel_);
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  result.status = DecodeStatus(done.get_future().get());
  result.response = response.status() == rpc::v1::HealthCheckResponse::SERVING_STATUS_SERVING;
  return result;
}

}  // namespace sluice
