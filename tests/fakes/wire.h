#ifndef SLUICE_TESTS_FAKES_WIRE_H_
#define SLUICE_TESTS_FAKES_WIRE_H_

#include <openssl/types.h>

#include <string>

#include "absl/strings/string_view.h"
#include "tests/fakes/event.h"

namespace sluice::fakes {

// One accepted connection with blocking reads and writes, plain or TLS. For one thread, but for Shutdown.
class Wire {
 public:
  explicit Wire(int fd) : fd_(fd) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool StartTls(SSL_CTX* context);  // the server's handshake
  bool resumed() const;             // it took up an earlier session

  // Appends what arrives to `into`; false at the end.
  bool Read(std::string* into);
  bool Write(absl::string_view bytes);  // false: the peer is gone

  void Close();     // TLS close_notify and FIN
  void Drop();      // FIN alone
  void Reset();     // RST
  void Shutdown();  // any thread: ends blocked reads and waits

  bool peer_closed() const;
  // Until `event` is set (true), or the peer closes or the time is up (false). `event` may be null.
  bool WaitFor(const Event* event, int timeout_ms) const;

 private:
  int fd_;
  SSL* ssl_ = nullptr;
  bool open_ = true;
};

}  // namespace sluice::fakes

#endif  // SLUICE_TESTS_FAKES_WIRE_H_
