#include "server/edge/grpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"

namespace sluice::edge {
namespace {

// gRPC would start with a certificate that fails every socket that is handed to it. A listener of its own, for a
// moment, looks at it once.
bool CanServe(const ServerTls& tls) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", std::make_shared<TlsCredentials>(tls));
  return builder.BuildAndStart() != nullptr;
}

void SetTransportOptions(const ServerOptions& options, grpc::ServerBuilder* builder) {
  // gRPC's own refusal names no limit and says nothing to do, so what is not far above ours is read and refused by us.
  builder->SetMaxReceiveMessageSize(static_cast<int>(2 * options.max_request_bytes));
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, options.max_header_bytes);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_connection_streams);
  if (options.max_connection_age != absl::InfiniteDuration()) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                static_cast<int>(absl::ToInt64Milliseconds(options.max_connection_age)));
  }
  // A model may think for minutes without a byte on the wire. gRPC's default would punish a caller that pings
  // meanwhile with GOAWAY "too_many_pings".
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A caller whose machine vanished is found out, and its upstreams are closed, within 80 s.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  // Only reflection is served by a thread of gRPC's own.
  builder->SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Build(ServerOptions options,
                                                              std::vector<exchange::EngineContext*> contexts,
                                                              IdSource* ids) {
  static std::once_flag plugins;
  std::call_once(plugins, [] {
    // Debian builds Abseil with its search for lock cycles, which looks at every lock that gRPC takes.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Never given back: gRPC's last shutdown can wait 10 s for a poller that a large write had started, after a drain.
    grpc_init();
  });

  std::unique_ptr<GrpcServer> server(new GrpcServer());
  auto acceptor = Acceptor::Listen(options.address);
  if (!acceptor.ok()) return acceptor.status();
  server->acceptor_ = *std::move(acceptor);

  if (options.tls != nullptr) server->tls_ = std::make_shared<TlsCredentials>(*options.tls);
  const auto credentials = server->tls_ != nullptr ? server->tls_ : grpc::InsecureServerCredentials();
  if (options.tls != nullptr && !CanServe(*options.tls)) {
    return absl::InvalidArgumentError(
        "gRPC refused the certificate: check that listen.grpc.tls holds a PEM certificate and its own key");
  }
  grpc::ServerBuilder builder;
  SetTransportOptions(options, &builder);
  server->sink_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
  builder.RegisterService(&server->services_.chat);
  builder.RegisterService(&server->services_.models);
  builder.RegisterService(&server->services_.health);
  server->services_.open_calls = options.open_calls;
  server->contexts_ = std::move(contexts);
  for (exchange::EngineContext* context : server->contexts_) {
    std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues(GrpcEngine::kQueues);
    for (auto& queue : queues) queue = builder.AddCompletionQueue();
    server->engines_.push_back(std::make_unique<GrpcEngine>(context, std::move(queues), &server->services_,
                                                            &server->acceptor_->connections(), ids,
                                                            [self = server.get()] { self->EngineEmptied(); }));
  }
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) {
    return absl::InternalError("gRPC could not start its server: its log lines on standard error say why");
  }
  return server;
}

// What is left are streams that gRPC serves itself and that need not end: reflection would hold up every shutdown for
// as long as running chats may take.
void GrpcServer::EngineEmptied() {
  if (++emptied_engines_ == engines_.size()) grpc_server_cancel_all_calls(server_->c_server());
}

GrpcServer::~GrpcServer() {
  if (server_ == nullptr) return;
  for (const auto& engine : engines_) engine->Shutdown();
}

bool GrpcServer::ReplaceTls(const ServerTls& tls) {
  if (tls_ == nullptr || tls_->asks_callers() == tls.client_ca.empty()) return false;
  tls_->Replace(tls);
  return true;
}

void GrpcServer::Start() {
  started_ = true;
  for (const auto& engine : engines_) engine->Start();
  acceptor_->Start(std::move(sink_));
}

// Returns when the watchers' connections have the word of it: GOAWAY would overtake a frame that waits for one that is
// being written, since a connection's own frames go before those of its streams.
void GrpcServer::StopServing() {
  absl::BlockingCounter engines(static_cast<int>(engines_.size()));
  for (size_t i = 0; i < engines_.size(); ++i) {
    std::shared_ptr<void> until_told(nullptr, [&engines](void*) { engines.DecrementCount(); });
    contexts_[i]->loop.Post([engine = engines_[i].get(), until_told = std::move(until_told)]() mutable {
      engine->StopServing(std::move(until_told));
    });
  }
  engines.Wait();
}

void GrpcServer::Drain(absl::Duration limit) {
  if (started_) StopServing();
  acceptor_->StopAccepting();
  for (size_t i = 0; i < engines_.size(); ++i) {
    contexts_[i]->loop.Post([engine = engines_[i].get(), limit] { engine->EndCallsAfter(limit); });
  }
  server_->Shutdown(absl::ToChronoTime(absl::Now() + limit + GrpcEngine::kLastWords));
}

}  // namespace sluice::edge
