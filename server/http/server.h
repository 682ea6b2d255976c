#ifndef SLUICE_SERVER_HTTP_SERVER_H_
#define SLUICE_SERVER_HTTP_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::http {

struct Request {
  std::string method;
  std::string path;                                          // without the query
  std::string query;                                         // after '?', may be empty
  std::vector<std::pair<std::string, std::string>> headers;  // as sent; names compare without case
  std::string body;
  absl::string_view Header(absl::string_view name) const;  // first of that name, or ""
};

// The reply to one request. All calls may come from any thread; they are carried out in order on the server's thread.
// Either Send once, or Begin, any number of Write, End. Dropping the last reference without finishing closes the
// connection (a stream cut short is seen as cut, never as complete). Calls out of that order are ignored, as are calls
// after the peer has gone or the server was destroyed. A HEAD request is answered like a GET: the body is left out
// here.
class Responder {
 public:
  virtual ~Responder() = default;
  // One more header of the reply (Allow, Retry-After ...), before Send or Begin. Length, type, framing and date are the
  // server's own business.
  virtual void AddHeader(absl::string_view name, absl::string_view value) = 0;
  virtual void Send(int status, absl::string_view content_type, std::string body) = 0;
  virtual void Begin(int status, absl::string_view content_type) = 0;  // chunked; headers leave at once
  // One HTTP chunk, leaves at once; chunks that wait for a slow peer leave together later. A peer that lets more than
  // kMaxQueuedBytes wait is cut off: a slow reader never grows memory without limit. Empty bytes are nothing.
  virtual void Write(std::string bytes) = 0;
  virtual void End() = 0;
  // `then` runs on the server's thread after `delay`, whether or not the peer is still there: pacing without a thread.
  // A server that is destroyed drops it.
  virtual void After(absl::Duration delay, absl::AnyInvocable<void()> then) = 0;
  // Runs once, on the server's thread, if the connection goes away before the reply ended: the peer closed (also only
  // its own half: HTTP clients do not half-close while they wait), was cut off, or the server is being destroyed.
  virtual void OnClosed(absl::AnyInvocable<void()> callback) = 0;
};

// What may wait unsent on one connection.
inline constexpr size_t kMaxQueuedBytes = size_t{16} << 20;

using Handler = std::function<void(Request, std::shared_ptr<Responder>)>;

struct TlsFiles {  // PEM text, not paths
  std::string certificate_chain;
  std::string private_key;
};

struct Options {
  std::string address = "127.0.0.1:0";  // host:port, [v6]:port; port 0 takes a free one
  std::string setting = "listen.ops";   // what the user calls the address, for error messages
  std::unique_ptr<TlsFiles> tls;        // null: plaintext
  size_t max_body_bytes = size_t{32} << 20;
  size_t max_header_bytes = size_t{64} << 10;
  absl::Duration header_timeout = absl::Seconds(30);  // also the keep-alive idle time
};

// A small HTTP/1.1 server on one thread of its own: keep-alive, chunked streaming replies, TLS. Serves the ops
// endpoints and the embedded upstream.
class Server {
 public:
  // Listens before it returns. The handler runs on the server's thread and must neither block nor throw.
  // Errors: INVALID_ARGUMENT (address, certificate or key cannot be used), ALREADY_EXISTS (port in use),
  // UNAVAILABLE (any other refusal of the system). The message says what to change.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options, Handler handler);
  virtual ~Server() = default;  // closes all connections, joins; not from the server's own thread
  virtual int port() const = 0;
};

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_SERVER_H_
