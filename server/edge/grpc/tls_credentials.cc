#include "server/edge/grpc/tls_credentials.h"

#include <grpc/grpc.h>

#include <utility>

namespace sluice::edge {

TlsCredentials::TlsCredentials(ServerTls tls)
    : asks_callers_(!tls.client_ca.empty()), tls_(std::make_shared<const ServerTls>(std::move(tls))) {
  credentials_ =
      grpc_ssl_server_credentials_create_with_options(grpc_ssl_server_credentials_create_options_using_config_fetcher(
          asks_callers_ ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                        : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
          &TlsCredentials::Fetch, this));
}

TlsCredentials::~TlsCredentials() { grpc_server_credentials_release(credentials_); }

void TlsCredentials::Replace(ServerTls tls) {
  auto next = std::make_shared<const ServerTls>(std::move(tls));
  const std::lock_guard lock(mutex_);
  tls_ = std::move(next);
}

void TlsCredentials::SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) {}

int TlsCredentials::AddPortToServer(const std::string& address, grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

// gRPC asks before each handshake, and keeps what it has made of the last certificate where nothing has changed:
// parsed, with the keys of session tickets, and shared by all connections.
grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(void* self,
                                                                grpc_ssl_server_certificate_config** config) {
  auto* const credentials = static_cast<TlsCredentials*>(self);
  std::shared_ptr<const ServerTls> tls;
  {
    const std::lock_guard lock(credentials->mutex_);
    if (credentials->fetched_ == credentials->tls_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    tls = credentials->fetched_ = credentials->tls_;
  }
  const grpc_ssl_pem_key_cert_pair pair = {tls->private_key.c_str(), tls->certificate_chain.c_str()};
  // gRPC insists on authorities even where callers are not asked for a certificate; then they serve for nothing.
  const std::string& authorities = credentials->asks_callers_ ? tls->client_ca : tls->certificate_chain;
  *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace sluice::edge
