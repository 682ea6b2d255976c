#ifndef SLUICE_TESTS_FAKES_SCRIPTED_UPSTREAM_H_
#define SLUICE_TESTS_FAKES_SCRIPTED_UPSTREAM_H_

#include <openssl/types.h>

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/certificates.h"
#include "tests/fakes/event.h"
#include "tests/fakes/wire.h"

namespace sluice::fakes {

struct ReceivedRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  int connection = 0;  // 1, 2, ... in the order accepted

  std::string Header(absl::string_view lower_case_name) const;  // or ""
};

enum class Cut { kFin, kReset };

// The upstream's side of one request, for its handler. Sends block; they return false once the peer is gone.
class Conversation {
 public:
  explicit Conversation(Wire* wire) : wire_(wire) {}

  // How all that follows is sent: each byte in a write of its own; or no more than `bytes`, after which the connection
  // is cut in this way.
  void Drip() { drip_ = true; }
  void CutAfter(size_t bytes, Cut how);

  using Headers = std::vector<std::pair<std::string, std::string>>;
  bool SendRaw(absl::string_view bytes);
  bool SendHead(int status, const Headers& headers);                         // exactly these headers; 1xx too
  bool SendReply(int status, absl::string_view body, Headers headers = {});  // whole, with Content-Length
  // 200, text/event-stream, chunked; then SendSse or SendChunk, and EndChunks.
  bool StartSse(Headers headers = {});
  bool SendChunk(absl::string_view bytes) { return SendRaw(Chunk(bytes)); }
  bool SendSse(absl::string_view data) { return SendRaw(SseChunk(data)); }  // one data line, in a chunk of its own
  bool EndChunks() { return SendRaw(kLastChunk); }
  // As SendSse and EndChunks, in one write: whoever reads the event has the end of the reply with it.
  bool SendLastSse(absl::string_view data) { return SendRaw(absl::StrCat(SseChunk(data), kLastChunk)); }

  void Close() { Finish(&Wire::Close); }  // orderly
  void Drop() { Finish(&Wire::Drop); }    // FIN, but without the end of TLS
  void Reset() { Finish(&Wire::Reset); }  // RST

  void DiscardInput();  // reads and drops what still comes, until the peer closes
  bool peer_closed() const { return wire_->peer_closed(); }
  bool WaitClosedByPeer(int timeout_ms = 10'000) const;
  bool WaitFor(const Event& event) const { return wire_->WaitFor(&event, 10'000); }  // false also if the peer closed

 private:
  friend class ScriptedUpstream;
  static constexpr absl::string_view kLastChunk = "0\r\n\r\n";
  static std::string Chunk(absl::string_view bytes);
  static std::string SseChunk(absl::string_view data) { return Chunk(absl::StrCat("data: ", data, "\n\n")); }
  void Finish(void (Wire::*how)());

  Wire* wire_;
  bool finished_ = false;
  bool drip_ = false;
  std::optional<size_t> left_;  // bytes until the cut
  Cut cut_ = Cut::kFin;
};

// An HTTP/1.1 server over plain TCP or TLS that answers every request by a test's script, byte for byte. Port 0 of
// 127.0.0.1, one blocking thread a connection. Connections are kept open between requests unless a handler closes
// them. Destroying it ends all of them.
class ScriptedUpstream {
 public:
  // Runs on the connection's thread, once for each request.
  using Handler = std::function<void(const ReceivedRequest&, Conversation&)>;

  struct Options {
    bool tls = false;
    Authority::Leaf certificate = {};  // names localhost and 127.0.0.1
    bool stall_handshake = false;      // accepts, but never says a word of TLS
    bool read_bodies = true;  // false: the handler runs after the head of a request, and the body is never read
  };

  struct Counts {
    int accepted = 0;    // connections
    int open = 0;        // not yet closed by either side
    int handshakes = 0;  // TLS, complete
    int resumed = 0;     // of those, with an earlier session
    int requests = 0;
  };

  ScriptedUpstream(Options options, Handler handler);
  explicit ScriptedUpstream(Handler handler) : ScriptedUpstream(Options{}, std::move(handler)) {}
  ~ScriptedUpstream();
  ScriptedUpstream(const ScriptedUpstream&) = delete;
  ScriptedUpstream& operator=(const ScriptedUpstream&) = delete;

  int port() const { return port_; }
  std::string Url(absl::string_view path = "/") const;  // http(s)://127.0.0.1:PORT
  std::string ca_pem() const { return authority_.Pem(); }

  Counts counts() const;
  std::vector<ReceivedRequest> requests() const;
  // Until `done` holds for the counts; false after ten seconds.
  bool WaitUntil(const std::function<bool(const Counts&)>& done) const;

  void CloseConnections();           // all open ones, under whatever runs on them
  void CloseConnection(int number);  // one of them, by ReceivedRequest::connection
  void StopListening();              // further connections are refused

 private:
  struct Connection {
    int number;
    std::unique_ptr<Wire> wire;
    std::thread thread;
  };

  void AcceptLoop();
  void Serve(Connection* connection);
  bool ReadRequest(Wire& wire, std::string* buffer, ReceivedRequest* request);
  void Count(int Counts::*what, int by = 1);

  const Options options_;
  const Handler handler_;
  const Authority authority_;
  std::shared_ptr<SSL_CTX> tls_;
  int listener_ = -1;
  int port_ = 0;
  Event stop_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Counts counts_;
  std::vector<ReceivedRequest> requests_;
  std::list<Connection> connections_;
  std::thread acceptor_;  // last: uses all the others
};

}  // namespace sluice::fakes

#endif  // SLUICE_TESTS_FAKES_SCRIPTED_UPSTREAM_H_
