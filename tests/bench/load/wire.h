#ifndef SLUICE_TESTS_BENCH_LOAD_WIRE_H_
#define SLUICE_TESTS_BENCH_LOAD_WIRE_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::bench {

struct TlsDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsDeleter>;

// What fails here ends the program with status 1.
TlsContext ServerTls(const std::string& certificate_file, const std::string& key_file);
// Trusts what the authority in `ca_file` has signed, and offers `protocol` (ALPN: "h2", "http/1.1").
TlsContext ClientTls(const std::string& ca_file, absl::string_view protocol);

// One TCP connection, in the open or under TLS, that never blocks. Closes its descriptor.
class Wire {
 public:
  Wire() = default;
  // An accepted descriptor. `tls` may be null: then in the open.
  static Wire Accepted(int fd, SSL_CTX* tls);
  // Connects (see net.h) and, under TLS, shakes hands before it returns. Not open() when it is refused.
  static Wire To(int port, int number, SSL_CTX* tls);
  ~Wire();
  Wire(Wire&& other) noexcept;
  Wire& operator=(Wire&& other) noexcept;

  // Bytes read or written; 0 when nothing can be now; -1 when the connection is over.
  ptrdiff_t Read(char* into, size_t size);
  ptrdiff_t Write(const char* from, size_t size);
  // Whether bytes have left the socket but not Read yet, so that the socket will not announce them.
  bool buffered() const { return ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 1; }
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  Wire(int fd, SSL_CTX* tls);
  ptrdiff_t Outcome(int done);

  int fd_ = -1;
  std::unique_ptr<SSL, TlsDeleter> ssl_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_WIRE_H_
