#ifndef SLUICE_TESTS_SOAK_WIRE_H_
#define SLUICE_TESTS_SOAK_WIRE_H_

#include <openssl/types.h>

#include <string>

namespace sluice::soak {

// One accepted connection, plain or TLS, that never blocks. The handshake happens within the first reads.
class Wire {
 public:
  Wire(int fd, SSL_CTX* tls);  // tls null: plain
  ~Wire();                     // closes, orderly unless Reset() was called
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool Read(std::string* into);    // all there is; false: the peer closed or failed
  bool Flush(std::string* bytes);  // takes off what could be sent; false: the peer is gone
  void Reset();                    // RST at destruction

  int fd() const { return fd_; }
  bool wants_to_write() const { return wants_to_write_; }  // the handshake is held up by a full socket

 private:
  bool Retryable(int result);

  int fd_;
  SSL* ssl_ = nullptr;
  bool wants_to_write_ = false;
  bool reset_ = false;
};

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_WIRE_H_
