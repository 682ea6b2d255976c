#ifndef SLUICE_SERVER_HTTP_SESSION_H_
#define SLUICE_SERVER_HTTP_SESSION_H_

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/http/channel.h"
#include "server/http/mailbox.h"
#include "server/http/request_reader.h"
#include "server/http/server.h"

namespace sluice::http {

class Session;

// What all connections of a server share. Outlives them.
struct SessionHost {
  boost::asio::io_context& io;
  const Options& options;
  const Handler& handler;
  const Clock& clock;  // for the Date header
  std::shared_ptr<Mailbox> mailbox;
  std::function<void(Session*)> forget;  // the session has closed: drop the server's reference
  std::array<char, 64 << 10> scratch;    // reads never nest, so one buffer serves all
};

// One connection: reads a request, hands it to the handler, writes what the responder says, and begins again.
//
// A read stays outstanding while the handler works, which is how a peer that leaves is seen. All methods run on the
// server's thread. Those of the responder carry the number of the exchange they belong to: a call for one that is over
// is ignored.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(SessionHost& host, boost::asio::ip::tcp::socket socket, std::unique_ptr<Channel> channel);

  void Start();
  // Closes at once. Callbacks of OnClosed run later, on the same thread.
  void Close();
  bool closed() const { return phase_ == Phase::kClosed; }

  // The responder's side.
  void AddHeader(uint64_t exchange, absl::string_view name, absl::string_view value);
  void Send(uint64_t exchange, int status, absl::string_view content_type, std::string body);
  void Begin(uint64_t exchange, int status, absl::string_view content_type);
  void Write(uint64_t exchange, absl::string_view bytes);
  void End(uint64_t exchange);
  void Abandon(uint64_t exchange);
  void OnClosed(uint64_t exchange, absl::AnyInvocable<void()> callback);

 private:
  enum class Phase {
    kReading,    // a request is awaited or arriving
    kReplying,   // the handler has it
    kFinishing,  // the reply is complete, its last bytes are leaving
    kCutting,    // the handler gave up: what it wrote leaves, then the connection closes
    kLingering,  // our side is closed; the peer's last bytes are thrown away
    kClosed,
  };

  // Reading.
  void AwaitReadable();
  void Read();
  bool WantsInput() const;
  void HandleInput(absl::string_view bytes);
  void ParseInput();
  void Dispatch();
  void Refuse(int status);
  void NextRequest();

  // Writing.
  void QueueHead(int status, absl::string_view content_type, std::optional<size_t> length, bool chunked);
  void Queue(absl::string_view bytes);
  void FlushSoon();
  void Flush();
  void AwaitWritable();
  void OnWritable();
  void AllWritten();
  void Linger();
  size_t Unsent() const { return out_.size() - sent_; }

  bool IsCurrent(uint64_t exchange) const { return phase_ == Phase::kReplying && exchange == exchange_; }
  void FinishReply();
  void SetDeadline(absl::Duration timeout);

  SessionHost& host_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<Channel> channel_;
  boost::asio::steady_timer deadline_;

  Phase phase_ = Phase::kReading;
  bool awaiting_readable_ = false;
  bool awaiting_writable_ = false;
  bool read_needs_writable_ = false;  // TLS: the handshake wants to write first
  bool flush_posted_ = false;

  std::unique_ptr<RequestReader> reader_;
  bool continue_sent_ = false;
  std::string input_;  // received, not yet parsed

  // The exchange under way.
  uint64_t exchange_ = 0;
  bool begun_ = false;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool chunks_allowed_ = true;
  std::string more_headers_;
  std::vector<absl::AnyInvocable<void()>> on_closed_;

  std::string out_;  // [0, sent_) has left
  size_t sent_ = 0;
};

}  // namespace sluice::http

#endif  // SLUICE_SERVER_HTTP_SESSION_H_
