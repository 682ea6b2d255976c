#include "tests/bench/load/upstream.h"

#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "tests/bench/load/clock.h"
#include "tests/bench/load/net.h"

namespace sluice::bench {
namespace {

constexpr size_t kBulkBytes = 64 * 1024;
// A receiver that leaves so much unread has lost the measurement anyway.
constexpr size_t kMostUnsent = 4 << 20;

int64_t DeltasAtOnce(const Pace& pace) {
  if (pace.interval_ns > 0) return pace.burst;
  return static_cast<int64_t>(
      std::max<size_t>(1, kBulkBytes / Script::DeltaBytes(static_cast<size_t>(pace.text_bytes))));
}

}  // namespace

class Upstream::Listener final : public Waiter {
 public:
  explicit Listener(Upstream* owner) : owner_(owner), fd_(bench::Listen()) { owner->poller_.Watch(fd_, EPOLLIN, this); }
  ~Listener() override { close(fd_); }
  void Ready(uint32_t) override { owner_->Accept(); }
  int fd() const { return fd_; }

 private:
  Upstream* const owner_;
  const int fd_;
};

// A connection, and the stream on it. Edge-triggered, so that waiting for room costs no system call.
class Upstream::Connection final : public Waiter {
 public:
  Connection(Upstream* owner, Wire wire, uint64_t serial) : wire_(std::move(wire)), serial_(serial), owner_(owner) {}

  void Ready(uint32_t events) override {
    if ((events & EPOLLOUT) != 0) Flush();
    if (!ReadAll()) owner_->Close(this);
  }

  // Sends what the socket takes; the rest follows as soon as there is room.
  void Send(absl::string_view bytes) {
    while (unsent_.empty() && !bytes.empty()) {  // TLS takes one record at a time
      const ptrdiff_t sent = wire_.Write(bytes.data(), bytes.size());
      if (sent <= 0) break;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    if (bytes.empty()) return;
    unsent_.append(bytes.data(), bytes.size());
    if (unsent_.size() <= kMostUnsent) return;
    fputs("cut a stream whose receiver does not keep up\n", stderr);
    shutdown(wire_.fd(), SHUT_RDWR);  // and its event closes it
  }

  bool full() const { return !unsent_.empty(); }
  bool streaming() const { return next < count; }
  int fd() const { return wire_.fd(); }
  uint64_t serial() const { return serial_; }

  int64_t next = 0;   // number of the next delta
  int64_t count = 0;  // of all of the stream's deltas

 private:
  void Flush() {
    if (unsent_.empty()) return;  // every event says that there is room
    while (!unsent_.empty()) {
      const ptrdiff_t sent = wire_.Write(unsent_.data(), unsent_.size());
      if (sent <= 0) return;
      unsent_.erase(0, static_cast<size_t>(sent));
    }
    if (owner_->pace_.interval_ns == 0 && streaming()) owner_->flat_out_.push_back({0, fd(), serial_});
  }

  bool ReadAll() {
    char buffer[16384];
    for (;;) {
      const ptrdiff_t got = wire_.Read(buffer, sizeof(buffer));
      if (got <= 0) return got == 0;
      in_.append(buffer, static_cast<size_t>(got));
      TakeRequest();
    }
  }

  void TakeRequest() {
    const size_t head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return;
    if (in_.compare(0, 4, "GET ") == 0) {
      in_.clear();
      return Send(owner_->script_.models());
    }
    const char* const body = in_.c_str() + head + 4;
    const char* const length = strcasestr(in_.c_str(), "\r\ncontent-length:");
    if (length == nullptr || in_.size() < head + 4 + static_cast<size_t>(atoll(length + 17))) return;
    const char* const max_tokens = strstr(body, "\"max_tokens\":");
    next = 0;
    count = max_tokens == nullptr ? std::numeric_limits<int64_t>::max() : atoll(max_tokens + 13);
    in_.clear();
    owner_->SendNext(*this, /*first=*/true);
    const Due again{NowNs() + owner_->pace_.interval_ns, fd(), serial_};
    if (!streaming()) return;
    if (owner_->pace_.interval_ns > 0) {
      owner_->due_.push_back(again);
    } else if (!full()) {
      owner_->flat_out_.push_back(again);
    }
  }

  Wire wire_;
  const uint64_t serial_;
  Upstream* const owner_;
  std::string in_;
  std::string unsent_;
};

Upstream::Upstream(const Pace& pace, SSL_CTX* tls, CloseBoard* board)
    : pace_(pace),
      tls_(tls),
      board_(board),
      script_(static_cast<size_t>(DeltasAtOnce(pace)), static_cast<size_t>(pace.text_bytes)),
      at_once_(DeltasAtOnce(pace)),
      listener_(std::make_unique<Listener>(this)) {}

Upstream::~Upstream() = default;

int Upstream::port() const { return PortOf(listener_->fd()); }

void Upstream::Serve() {
  for (;;) {
    int64_t wait = kNsPerSecond;
    if (!flat_out_.empty()) {
      wait = 0;
    } else if (!due_.empty()) {
      wait = due_.front().at - NowNs();
    }
    for (const epoll_event& event : poller_.Wait(wait)) static_cast<Waiter*>(event.data.ptr)->Ready(event.events);
    SendDue();
    SendFlatOut();
  }
}

void Upstream::Accept() {
  int fd;
  while ((fd = bench::Accept(listener_->fd())) >= 0) {
    const auto at = static_cast<size_t>(fd);
    if (connections_.size() <= at) connections_.resize(at + 1);
    connections_[at] = std::make_unique<Connection>(this, Wire::Accepted(fd, tls_), ++serials_);
    poller_.Watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, connections_[at].get());
  }
}

void Upstream::Close(Connection* connection) {
  if (board_ != nullptr && connection->streaming()) board_->Note(NowNs());
  connections_[static_cast<size_t>(connection->fd())].reset();
}

// The pace is kept from the first delta on: one that leaves late does not move the later ones.
void Upstream::SendDue() {
  const int64_t now = NowNs();  // read once: sockets get their turn even when sending cannot keep pace
  while (!due_.empty() && due_.front().at <= now) {
    const Due due = due_.front();
    due_.pop_front();
    Connection* const connection = connections_[static_cast<size_t>(due.fd)].get();
    if (connection == nullptr || connection->serial() != due.serial) continue;
    SendNext(*connection, /*first=*/false);
    if (connection->streaming()) due_.push_back({due.at + pace_.interval_ns, due.fd, due.serial});
  }
}

// One write for each stream that can take one.
void Upstream::SendFlatOut() {
  flat_out_next_.clear();
  for (const Due& due : flat_out_) {
    Connection* const connection = connections_[static_cast<size_t>(due.fd)].get();
    if (connection == nullptr || connection->serial() != due.serial) continue;
    SendNext(*connection, /*first=*/false);
    if (connection->streaming() && !connection->full()) flat_out_next_.push_back(due);
  }
  flat_out_.swap(flat_out_next_);
}

void Upstream::SendNext(Connection& connection, bool first) {
  const int64_t count = std::min(at_once_, connection.count - connection.next);
  const absl::string_view deltas = script_.Deltas(connection.next, static_cast<size_t>(count), NowNs());
  connection.next += count;
  if (!first && connection.streaming()) return connection.Send(deltas);
  out_.clear();
  if (first) out_.append(script_.head().data(), script_.head().size());
  out_.append(deltas.data(), deltas.size());
  if (!connection.streaming()) out_.append(script_.end().data(), script_.end().size());
  connection.Send(out_);
}

}  // namespace sluice::bench
