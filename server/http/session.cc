#include "server/http/session.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/http/reply.h"
#include "server/http/responder.h"

namespace sluice::http {
namespace {

// Bytes of later requests that are taken in while a reply is under way. With more the read stops, and a peer that
// leaves is noticed at the next write only.
constexpr size_t kMaxPipelinedBytes = size_t{64} << 10;

// One connection's share of a turn, so that a large upload does not hold up the others.
constexpr int kReadsPerTurn = 16;

// A quiet connection keeps no more than this of what its buffers grew to.
constexpr size_t kMaxIdleCapacity = size_t{8} << 10;

// How long a connection that we close keeps throwing away what the peer still sends. Closing with unread bytes would
// reset the connection, and the peer might lose the reply that tells it why.
constexpr absl::Duration kLinger = absl::Seconds(2);

}  // namespace

Session::Session(SessionHost& host, boost::asio::ip::tcp::socket socket, std::unique_ptr<Channel> channel)
    : host_(host), socket_(std::move(socket)), channel_(std::move(channel)), deadline_(host.io) {}

void Session::Start() {
  NextRequest();
  AwaitReadable();
}

void Session::Close() {
  if (closed()) return;
  phase_ = Phase::kClosed;
  boost::system::error_code ignored;
  deadline_.cancel();
  socket_.close(ignored);
  for (auto& callback : std::exchange(on_closed_, {})) {
    boost::asio::post(host_.io, std::move(callback));
  }
  host_.forget(this);
}

void Session::SetDeadline(absl::Duration timeout) {
  deadline_.expires_at(After(std::chrono::steady_clock::now(), timeout));
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (error) return;  // cancelled, or moved
    const std::shared_ptr<Session> self = weak.lock();
    // One that came due just as it was moved, or as the handler got its request, is void.
    if (self == nullptr || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
    if (self->phase_ != Phase::kReplying) self->Close();
  });
}

// ---- reading

void Session::AwaitReadable() {
  if (awaiting_readable_ || closed() || !WantsInput()) return;
  awaiting_readable_ = true;
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->awaiting_readable_ = false;
                       self->Read();
                       // A TLS write may have been waiting for bytes of the peer.
                       if (self->Unsent() > 0 && !self->awaiting_writable_) self->Flush();
                     });
}

bool Session::WantsInput() const { return phase_ == Phase::kLingering || input_.size() < kMaxPipelinedBytes; }

void Session::Read() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    if (closed() || awaiting_readable_ || !WantsInput()) return;
    const IoResult result = channel_->Read(host_.scratch.data(), host_.scratch.size());
    switch (result.io) {
      case Io::kDone:
        HandleInput(absl::string_view(host_.scratch.data(), result.bytes));
        break;
      case Io::kWantRead:
        AwaitReadable();
        return;
      case Io::kWantWrite:
        read_needs_writable_ = true;
        AwaitWritable();
        return;
      case Io::kClosed:
        Close();
        return;
    }
  }
  boost::asio::post(host_.io, [self = shared_from_this()] { self->Read(); });
}

void Session::HandleInput(absl::string_view bytes) {
  if (phase_ == Phase::kLingering) return;
  absl::StrAppend(&input_, bytes);
  if (phase_ == Phase::kReading) ParseInput();
}

void Session::ParseInput() {
  switch (reader_->Feed(input_)) {
    case RequestReader::State::kHeader:
      return;  // the deadline stands: a header that trickles in does not move it
    case RequestReader::State::kBody:
      if (reader_->expects_continue() && !std::exchange(continue_sent_, true)) Queue(kContinue);
      SetDeadline(host_.options.header_timeout);
      return;
    case RequestReader::State::kComplete:
      Dispatch();
      return;
    case RequestReader::State::kRefused:
      Refuse(reader_->error_status());
      return;
  }
}

void Session::Dispatch() {
  phase_ = Phase::kReplying;
  deadline_.cancel();
  ++exchange_;
  keep_alive_ = reader_->keep_alive();
  chunks_allowed_ = reader_->chunked_reply_allowed();
  Request request = reader_->Take();
  reader_.reset();
  if (input_.empty()) std::string().swap(input_);  // a stream may now be quiet for long
  head_only_ = request.method == "HEAD";
  host_.handler(std::move(request), NewResponder(host_.mailbox, weak_from_this(), exchange_));
}

void Session::Refuse(int status) {
  phase_ = Phase::kReplying;
  ++exchange_;
  keep_alive_ = false;
  chunks_allowed_ = true;
  head_only_ = false;
  reader_.reset();
  std::string().swap(input_);
  absl::string_view why = "the request is not valid HTTP/1.1\n";
  if (status == 413) why = "the request's body is too large\n";
  if (status == 431) why = "the request's headers are too large\n";
  Send(exchange_, status, "text/plain; charset=utf-8", std::string(why));
}

void Session::NextRequest() {
  phase_ = Phase::kReading;
  begun_ = false;
  continue_sent_ = false;
  more_headers_.clear();
  reader_ = std::make_unique<RequestReader>(host_.options.max_header_bytes, host_.options.max_body_bytes);
  SetDeadline(host_.options.header_timeout);
  if (!input_.empty()) ParseInput();
}

// ---- writing

void Session::Queue(absl::string_view bytes) {
  if (closed()) return;
  if (Unsent() + bytes.size() > kMaxQueuedBytes && Unsent() > 0) {
    Flush();  // what was queued in this very turn had no chance to leave yet
    if (closed()) return;
    if (Unsent() + bytes.size() > kMaxQueuedBytes && Unsent() > 0) {
      Close();
      return;
    }
  }
  absl::StrAppend(&out_, bytes);
  FlushSoon();
}

void Session::FlushSoon() {
  if (flush_posted_ || awaiting_writable_) return;
  flush_posted_ = true;  // after the other writes of this turn, in one go with them
  boost::asio::post(host_.io, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->Flush();
  });
}

void Session::Flush() {
  while (!closed() && Unsent() > 0) {
    const IoResult result = channel_->Write(absl::string_view(out_).substr(sent_));
    switch (result.io) {
      case Io::kDone:
        sent_ += result.bytes;
        break;
      case Io::kWantRead:
        return;  // Read goes on with it
      case Io::kWantWrite:
        if (sent_ > out_.size() / 2) {
          out_.erase(0, sent_);
          sent_ = 0;
        }
        AwaitWritable();
        return;
      case Io::kClosed:
        Close();
        return;
    }
  }
  if (!closed()) AllWritten();
}

void Session::AwaitWritable() {
  if (awaiting_writable_ || closed()) return;
  awaiting_writable_ = true;
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->awaiting_writable_ = false;
                       self->OnWritable();
                     });
}

void Session::OnWritable() {
  if (closed()) return;
  if (std::exchange(read_needs_writable_, false)) Read();
  // A slow peer that takes the end of its reply bit by bit is given its time.
  if (phase_ == Phase::kFinishing || phase_ == Phase::kCutting) SetDeadline(host_.options.header_timeout);
  Flush();
}

void Session::AllWritten() {
  out_.clear();
  sent_ = 0;
  if (out_.capacity() > kMaxIdleCapacity) std::string().swap(out_);
  if (phase_ == Phase::kCutting) {
    Close();
  } else if (phase_ == Phase::kFinishing && keep_alive_) {
    NextRequest();
    Read();  // it may have stopped at the bound on early requests
  } else if (phase_ == Phase::kFinishing) {
    Linger();
  }
}

void Session::Linger() {
  phase_ = Phase::kLingering;
  boost::system::error_code ignored;
  channel_->SayGoodbye();
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  SetDeadline(kLinger);
  Read();
}

// ---- the responder's side

void Session::AddHeader(uint64_t exchange, absl::string_view name, absl::string_view value) {
  if (IsCurrent(exchange) && !begun_) absl::StrAppend(&more_headers_, name, ": ", value, "\r\n");
}

void Session::Send(uint64_t exchange, int status, absl::string_view content_type, std::string body) {
  if (!IsCurrent(exchange) || begun_) return;
  begun_ = true;
  const bool may_have_body = status != 204;  // RFC 9110 15.3.5
  std::optional<size_t> length;
  if (may_have_body) length = body.size();
  QueueHead(status, content_type, length, /*chunked=*/false);
  if (may_have_body && !head_only_) Queue(body);
  FinishReply();
}

void Session::Begin(uint64_t exchange, int status, absl::string_view content_type) {
  if (!IsCurrent(exchange) || begun_) return;
  begun_ = true;
  if (!chunks_allowed_) keep_alive_ = false;  // HTTP/1.0: only the end of the connection ends such a body
  QueueHead(status, content_type, {}, chunks_allowed_);
}

void Session::QueueHead(int status, absl::string_view content_type, std::optional<size_t> length, bool chunked) {
  Queue(FormatHead({.status = status,
                    .content_type = content_type,
                    .content_length = length,
                    .chunked = chunked,
                    .keep_alive = keep_alive_,
                    .http_1_0 = !chunks_allowed_,
                    .more_headers = more_headers_,
                    .date = host_.clock.WallNow()}));
}

void Session::Write(uint64_t exchange, absl::string_view bytes) {
  if (!IsCurrent(exchange) || !begun_ || head_only_ || bytes.empty()) return;
  if (!chunks_allowed_) {
    Queue(bytes);
    return;
  }
  std::string chunk;
  chunk.reserve(bytes.size() + 16);
  AppendChunk(bytes, chunk);
  Queue(chunk);
}

void Session::End(uint64_t exchange) {
  if (!IsCurrent(exchange) || !begun_) return;
  if (chunks_allowed_ && !head_only_) Queue(kLastChunk);
  FinishReply();
}

void Session::FinishReply() {
  if (closed()) return;
  on_closed_.clear();
  phase_ = Phase::kFinishing;
  SetDeadline(host_.options.header_timeout);
  FlushSoon();
}

void Session::Abandon(uint64_t exchange) {
  if (!IsCurrent(exchange)) return;
  on_closed_.clear();
  phase_ = Phase::kCutting;
  SetDeadline(host_.options.header_timeout);
  boost::system::error_code ignored;
  // A body of HTTP/1.0 ends with the connection: only a reset tells a cut from an end.
  if (!chunks_allowed_) socket_.set_option(boost::asio::socket_base::linger(true, 0), ignored);
  FlushSoon();
}

void Session::OnClosed(uint64_t exchange, absl::AnyInvocable<void()> callback) {
  if (IsCurrent(exchange)) on_closed_.push_back(std::move(callback));
}

}  // namespace sluice::http
