#ifndef SLUICE_SERVER_EDGE_GRPC_TLS_CREDENTIALS_H_
#define SLUICE_SERVER_EDGE_GRPC_TLS_CREDENTIALS_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <mutex>
#include <string>

namespace sluice::edge {

struct ServerTls {  // PEM text
  std::string certificate_chain;
  std::string private_key;
  std::string client_ca;  // "" asks callers for no certificate
};

// The TLS side of the listener, whose certificate can be replaced while it serves: a connection keeps what it shook
// hands with, the next one gets the new. gRPC 1.51 has that in its C interface only; its C++ one offers a provider that
// reads files by itself every so often, unasked whether key and certificate belong together. For one listener.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  // Whether callers have to show a certificate is decided here, by the presence of client_ca, for good.
  explicit TlsCredentials(ServerTls tls);
  ~TlsCredentials() override;

  // For connections from now on. A pair that does not belong together would fail every one of them: the caller has
  // checked that it does. Any thread.
  void Replace(ServerTls tls);
  bool asks_callers() const { return asks_callers_; }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>& processor) override;

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(void* self, grpc_ssl_server_certificate_config** config);

  const bool asks_callers_;
  std::mutex mutex_;
  std::shared_ptr<const ServerTls> tls_;
  std::shared_ptr<const ServerTls> fetched_;  // what gRPC has
  grpc_server_credentials* credentials_;
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_TLS_CREDENTIALS_H_
