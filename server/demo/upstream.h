#ifndef SLUICE_SERVER_DEMO_UPSTREAM_H_
#define SLUICE_SERVER_DEMO_UPSTREAM_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/id.h"
#include "server/http/server.h"

namespace sluice::demo {

// The upstream behind --demo: an OpenAI-compatible API on this machine's loopback, over HTTPS with a certificate of its
// own and behind a key of its own, so that the gateway takes the very way to it that it takes to a real provider. Its
// answers say that no model is behind them. It serves
//   GET  /v1/models            "demo" and "demo-echo"
//   POST /v1/chat/completions  streamed word by word, or whole; one word counts as one token
// until it is destroyed. The certificate is good for seven days.
class DemoUpstream {
 public:
  struct Options {
    absl::Duration pace = absl::Milliseconds(25);  // between two words of a stream
    const Clock* clock = &Clock::Real();           // calendar time of the replies and the certificate
    IdSource* ids = &IdSource::Real();             // completion ids and the key
  };

  static absl::StatusOr<std::unique_ptr<DemoUpstream>> Start(const Options& options);
  static absl::StatusOr<std::unique_ptr<DemoUpstream>> Start() { return Start(Options()); }

  const std::string& base_url() const { return base_url_; }  // "https://127.0.0.1:PORT/v1"
  const std::string& ca_pem() const { return ca_pem_; }      // trust this one
  const std::string& api_key() const { return api_key_; }    // the bearer token it wants, new at each start

 private:
  DemoUpstream() = default;

  std::string base_url_;
  std::string ca_pem_;
  std::string api_key_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace sluice::demo

#endif  // SLUICE_SERVER_DEMO_UPSTREAM_H_
