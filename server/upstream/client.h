#ifndef SLUICE_SERVER_UPSTREAM_CLIENT_H_
#define SLUICE_SERVER_UPSTREAM_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::upstream {

class Pool;  // pool.h: the connections of one upstream, one per process

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Timeouts {
  absl::Duration pool = absl::Seconds(30);         // waiting for a connection slot
  absl::Duration connect = absl::Seconds(10);      // resolve and connect
  absl::Duration tls = absl::Seconds(10);          // handshake
  absl::Duration send = absl::Seconds(10);         // handing over the request, all of it
  absl::Duration first_byte = absl::Seconds(120);  // from request sent to the reply's first header line
  absl::Duration idle = absl::Seconds(120);        // between two reads of the body; not counted while paused
};

struct Tls {
  std::string ca_file;  // "" uses the system's authorities
  std::string ca_pem;   // instead of a file: the embedded upstream's own
};

// How to reach one upstream. Immutable, shared by its calls.
struct Destination {
  std::string name;  // the upstream's name in the configuration
  Timeouts timeouts;
  Tls tls;
  std::string proxy;   // "http://host:port"; "" connects directly whatever the environment says
  bool http2 = false;  // libcurl 7.88 has flow-control faults with paused HTTP/2 streams, hence opt-in
  std::shared_ptr<Pool> pool;
};

struct Request {
  std::string method;
  std::string url;
  Headers headers;
  std::string body;
};

struct ReplyHead {
  int status = 0;
  Headers headers;  // names in lower case, order kept; of the final reply (1xx are swallowed)
  absl::string_view Header(absl::string_view lower_case_name) const;  // first of that name, or ""
};

// The stages a transfer passes. A pooled connection that turns out to be dead takes it back from kSend or kFirstByte to
// kConnect, and each stage then has its whole time again.
enum class Stage { kPool, kConnect, kTls, kSend, kFirstByte, kBody };
// The name of the stage's timer in errors and metrics: "pool", "connect", "tls", "send", "first_byte", "idle". It tells
// where a kUnreachable or kBroken transfer failed too, except in the body: nothing was idle there.
const char* StageName(Stage stage);

enum class Outcome {
  kComplete,     // the body ended as HTTP says it must
  kTimeout,      // the timer of `stage` fired
  kUnreachable,  // resolve, connect or TLS failed
  kBroken,       // the connection died or spoke nonsense after the request was on its way
};

struct Result {
  Outcome outcome = Outcome::kComplete;
  Stage stage = Stage::kPool;  // kBody: the reply had begun
  std::string detail;          // for logs and messages: "could not resolve host", "certificate has expired"; no secrets
  int os_errno = 0;
  bool reused = false;  // ran on a pooled connection (and not on a fresh one after that)
};

// What a transfer tells its owner, always on the loop's thread, never inline from Client::Start. A receiver may destroy
// its Transfer inside any of these calls.
class Receiver {
 public:
  virtual ~Receiver() = default;
  // A connection was found and the whole request handed to it. Once, even if it is sent again because a pooled
  // connection was dead; not at all if the reply begins before that.
  virtual void OnSent() = 0;
  virtual void OnHead(const ReplyHead& head) = 0;
  virtual void OnBody(absl::string_view bytes) = 0;
  virtual void OnEnd(const Result& result) = 0;  // once and last
};

// One HTTP exchange on its way. Destroying it cancels: queued, connecting or mid-stream, the connection is closed
// before the destructor returns (or, on HTTP/2, its stream reset), and no further Receiver call comes.
class Transfer {
 public:
  virtual ~Transfer() = default;
  // Stops reading, so that TCP holds the upstream back. OnBody stops at once; at most one read's bytes stay buffered.
  // On HTTP/2, where one slow reader must not hold others back, what comes is kept, and more than 1 MiB ends the
  // transfer as kBroken.
  virtual void Pause() = 0;
  virtual void Resume() = 0;  // bytes that were kept come from a later turn, never from inside this call
  virtual bool paused() const = 0;
  virtual uint64_t bytes_in() const = 0;   // body bytes received
  virtual uint64_t bytes_out() const = 0;  // body bytes sent
};

// Starts transfers on one loop's thread.
class Client {
 public:
  virtual ~Client() = default;
  // `receiver` must outlive the transfer. `destination` is kept until the transfer ends.
  virtual std::unique_ptr<Transfer> Start(std::shared_ptr<const Destination> destination, Request request,
                                          Receiver* receiver) = 0;
  // The owner has all it wants (it saw the end mark). The receiver hears nothing more; the connection goes back to
  // the pool if the body ends properly within a second, and is closed otherwise.
  virtual void Retire(std::unique_ptr<Transfer> transfer) = 0;
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_CLIENT_H_
