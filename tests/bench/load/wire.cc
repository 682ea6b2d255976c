#include "tests/bench/load/wire.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/bench/load/net.h"

namespace sluice::bench {
namespace {

[[noreturn]] void Die(const char* what) {
  fprintf(stderr, "%s: ", what);
  ERR_print_errors_fp(stderr);
  fputs("\n", stderr);
  exit(1);
}

TlsContext NewContext(const SSL_METHOD* method) {
  signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  TlsContext context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);  // one recv a read, not two
  return context;
}

}  // namespace

TlsContext ServerTls(const std::string& certificate_file, const std::string& key_file) {
  TlsContext context = NewContext(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    Die("cannot use the certificate and key");
  }
  return context;
}

TlsContext ClientTls(const std::string& ca_file, absl::string_view protocol) {
  TlsContext context = NewContext(TLS_client_method());
  if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1) Die("cannot use the authority");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  std::string wish(1, static_cast<char>(protocol.size()));
  wish += std::string(protocol);
  SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(wish.data()),
                          static_cast<unsigned>(wish.size()));
  return context;
}

Wire::Wire(int fd, SSL_CTX* tls) : fd_(fd) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  SSL_set_fd(ssl_.get(), fd);
}

Wire Wire::Accepted(int fd, SSL_CTX* tls) {
  Wire wire(fd, tls);
  if (tls != nullptr) SSL_set_accept_state(wire.ssl_.get());
  return wire;
}

Wire Wire::To(int port, int number, SSL_CTX* tls) {
  const int fd = bench::Connect(port, number);
  if (fd < 0) return Wire();
  Wire wire(fd, tls);
  if (tls != nullptr && SSL_connect(wire.ssl_.get()) != 1) Die("TLS handshake");
  SetNonBlocking(wire.fd_);
  return wire;
}

Wire::~Wire() {
  if (fd_ >= 0) close(fd_);
}

Wire::Wire(Wire&& other) noexcept : fd_(std::exchange(other.fd_, -1)), ssl_(std::move(other.ssl_)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(ssl_, other.ssl_);
  return *this;
}

ptrdiff_t Wire::Read(char* into, size_t size) {
  if (ssl_ != nullptr) return Outcome(SSL_read(ssl_.get(), into, static_cast<int>(std::min<size_t>(size, INT_MAX))));
  const ssize_t got = recv(fd_, into, size, MSG_DONTWAIT);
  if (got > 0) return got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ptrdiff_t Wire::Write(const char* from, size_t size) {
  if (ssl_ != nullptr) return Outcome(SSL_write(ssl_.get(), from, static_cast<int>(std::min<size_t>(size, INT_MAX))));
  const ssize_t sent = send(fd_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

ptrdiff_t Wire::Outcome(int done) {
  if (done > 0) return done;
  const int why = SSL_get_error(ssl_.get(), done);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return 0;
  ERR_clear_error();  // the thread has one list of errors: the next connection's must begin empty
  return -1;
}

}  // namespace sluice::bench
