#ifndef SLUICE_CLIENT_SLUICE_CLIENT_H_
#define SLUICE_CLIENT_SLUICE_CLIENT_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/call_status.h"
#include "sluice/chat_stream.h"
#include "sluice/v1/chat.pb.h"
#include "sluice/v1/models.pb.h"

namespace sluice {

// Certificates as PEM text.
struct TlsOptions {
  std::string ca;           // whom to trust; empty: the system's roots
  std::string certificate;  // our own chain, with key, where the gateway asks for one; both or neither
  std::string key;
  std::string server_name;  // the name that the gateway's certificate must have; empty: the address's host
};

struct ClientOptions {
  std::string address = "127.0.0.1:50051";  // host:port, or any gRPC target such as "dns:///sluice:50051"
  std::optional<TlsOptions> tls;            // absent: plaintext

  // A model can think for minutes without a byte on the wire, and hops in between forget idle connections. HTTP/2 pings
  // at this interval keep them, and find a dead gateway. Zero: no pings.
  std::chrono::milliseconds keepalive{30'000};
};

template <class T>
struct Result {
  CallStatus status;
  T response;  // meaningful only when status is OK
};

// gRPC's service config (JSON) for callers of a gateway, in any language: calls go in turn to all addresses of the
// target, and one that met a gateway which had just stopped is sent to another, so that a rolling restart loses none.
// Only what no upstream was asked for is sent again: after that the gateway forbids it. Client uses it by itself.
const char* ServiceConfig();

// Calls a Sluice gateway. One client holds one connection to each address of its target, made at the first call and
// made again when it breaks; calls share them. Thread safe. Outlived by its streams without harm.
//
//   sluice::Client client({.address = "gateway:50051"});
//   sluice::v1::ChatRequest request;
//   request.set_model("gpt-4.1");
//   ...
//   sluice::ChatStream stream = client.Chat(request);
//   for (const sluice::v1::ChatResponse& event : stream) std::cout << event.delta().text();
//   if (!stream.status().ok()) std::cerr << stream.status().ToString();
//
// Upstreams' failures are not retried here: before the first output the gateway retries by its configuration, after it
// nobody may. See ServiceConfig for what is.
class Client {
 public:
  explicit Client(const ClientOptions& options);
  explicit Client(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}

  // Starts a call and returns at once; failures show in the stream's status.
  ChatStream Chat(const v1::ChatRequest& request, const CallOptions& options = {}) const;

  // The whole answer at once. Blocks.
  Result<v1::CompleteResponse> Complete(const v1::ChatRequest& request, const CallOptions& options = {}) const;

  // Blocks. A list that is partial is OK and says so in `failures`.
  Result<v1::ListModelsResponse> ListModels(const CallOptions& options = {}) const;

  // Whether the gateway takes calls (grpc.health.v1, the server as a whole). False while it starts or stops. Blocks.
  Result<bool> IsServing(const CallOptions& options = {}) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace sluice

#endif  // SLUICE_CLIENT_SLUICE_CLIENT_H_
