#ifndef SLUICE_TESTS_FAKES_HTTP2_UPSTREAM_H_
#define SLUICE_TESTS_FAKES_HTTP2_UPSTREAM_H_

#include <openssl/types.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "tests/fakes/certificates.h"
#include "tests/fakes/event.h"
#include "tests/fakes/wire.h"

namespace sluice::fakes {

// A minimal HTTP/2 server over TLS (RFC 9113): it frames, counts and answers by a test's script, one connection at a
// time, with no flow control of its own. It reads no request fields.
class Http2Upstream {
 public:
  struct Counts {
    int accepted = 0;  // connections
    int requests = 0;  // streams the client has ended its side of
    int resets = 0;    // RST_STREAM received
    bool open = false;
  };

  // Gives the frames to send when the request on `stream` is complete.
  using Handler = std::function<std::string(int stream)>;

  explicit Http2Upstream(Handler handler);
  ~Http2Upstream();
  Http2Upstream(const Http2Upstream&) = delete;
  Http2Upstream& operator=(const Http2Upstream&) = delete;

  static std::string Head(int stream);  // 200 without further fields
  static std::string Data(int stream, absl::string_view bytes, bool end = false);

  void Send(const std::string& frames);  // later, from the test's thread

  int port() const { return port_; }
  std::string Url() const;
  std::string ca_pem() const { return authority_.Pem(); }
  bool WaitUntil(const std::function<bool(const Counts&)>& done) const;  // false after ten seconds
  Counts counts() const;

 private:
  void Run();
  void Serve(Wire& wire, int fd);
  std::string Handle(std::string* buffer);  // what to answer to the whole frames in `buffer`

  const Handler handler_;
  const Authority authority_;
  std::shared_ptr<SSL_CTX> tls_;
  int listener_ = -1;
  int port_ = 0;
  Event stop_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Counts counts_;
  std::string outbox_;
  Event outbox_filled_;
  std::thread thread_;
};

}  // namespace sluice::fakes

#endif  // SLUICE_TESTS_FAKES_HTTP2_UPSTREAM_H_
