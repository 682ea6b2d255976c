#include "server/upstream/shard.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "server/upstream/curl_call.h"

namespace sluice::upstream {
namespace {

ino_t InodeOf(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

}  // namespace

// One socket that curl wants watched. Lives from curl's first wish to its CURL_POLL_REMOVE.
class Shard::SocketWatch final : public loop::FdHandler {
 public:
  SocketWatch(Shard* shard, curl_socket_t fd) : shard_(shard), fd_(fd) {}

  void OnFd(uint32_t events) override {
    int mask = 0;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) mask |= CURL_CSELECT_IN;
    if ((events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
    if ((events & EPOLLERR) != 0) mask |= CURL_CSELECT_ERR;
    shard_->Act(fd_, mask);  // may delete this
  }

 private:
  Shard* shard_;
  curl_socket_t fd_;
};

Shard::Shard(loop::Loop& loop, std::shared_ptr<Pool> pool, bool http2)
    : loop_(loop),
      pool_(std::move(pool)),
      curl_timer_(loop, [this] { Act(CURL_SOCKET_TIMEOUT, 0); }),
      idle_timer_(loop, [this] { Close(); }),
      http2_(http2),
      reset_timer_(loop, [this] { FlushResets(); }) {}

Shard::~Shard() { Close(); }

void Shard::Open() {
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Shard::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Shard::OnTimeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // The pool bounds what stays open; curl's own bound (four times the handles) would close reusable connections.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 1'000'000L);
}

void Shard::Close() {
  if (multi_ != nullptr) curl_multi_cleanup(std::exchange(multi_, nullptr));
  curl_timer_.Cancel();
  idle_timer_.Cancel();
  reset_timer_.Cancel();
}

void Shard::Add(CurlCall* call) {
  ++running_;
  idle_timer_.Cancel();
  if (dispatching()) {
    added_.push_back(call);
  } else {
    AddNow(call);
  }
}

void Shard::AddNow(CurlCall* call) {
  if (multi_ == nullptr) Open();
  if (http2_) streams_.push_back(call);
  curl_multi_add_handle(multi_, call->easy());
}

void Shard::Remove(CurlCall* call) {
  // Unknown to curl if it was given up before the dispatch that it was started in had ended: that is no error.
  std::erase(added_, call);
  std::erase(abandoned_, call);
  if (http2_) LeaveStreams(call);
  // In the middle of a request an orderly close would wait behind what the upstream has not read.
  reset_on_close_ = call->sending();
  if (multi_ != nullptr) curl_multi_remove_handle(multi_, call->easy());
  reset_on_close_ = false;
  SettleSockets(call);
  last_freed_ = loop_.Now();
  if (--running_ == 0) idle_timer_.ArmAfter(pool_->limits().idle_expiry);
}

void Shard::Dispatch(absl::FunctionRef<void()> step) {
  ++depth_;
  step();
  if (--depth_ == 0) Settle();
}

void Shard::Act(curl_socket_t fd, int mask) {
  if (multi_ == nullptr) return;
  Dispatch([&] {
    int still_running = 0;
    curl_multi_socket_action(multi_, fd, mask, &still_running);
  });
}

// Since 7.88 curl leaves the RST_STREAM of a removed transfer in its buffer until something else happens on the
// connection (curl issue 17611). So a connection that is left without streams is closed, and others are made to flush.
void Shard::LeaveStreams(CurlCall* call) {
  std::erase(streams_, call);
  if (call->done()) return;
  curl_easy_setopt(call->easy(), CURLOPT_FORBID_REUSE, 1L);
  if (!streams_.empty()) reset_timer_.ArmAfter(absl::ZeroDuration());
}

void Shard::FlushResets() {
  Dispatch([this] {
    for (CurlCall* call : streams_) {
      // The one thing that makes curl flush from outside. Back to back the two leave the stream's window as it was.
      curl_easy_pause(call->easy(), CURLPAUSE_RECV);
      curl_easy_pause(call->easy(), CURLPAUSE_CONT);
    }
  });
}

bool Shard::MayKeep(CurlCall* call) {
  std::erase(ending_, call);
  const bool room = pool_->RoomForIdle(static_cast<int>(ending_.size()));
  ending_.push_back(call);
  return room;
}

void Shard::Settle() {
  ending_.clear();
  while (!abandoned_.empty()) {
    CurlCall* call = abandoned_.back();
    abandoned_.pop_back();
    call->CloseNow();
  }
  for (CurlCall* call : std::exchange(added_, {})) AddNow(call);
  int left = 0;
  while (multi_ != nullptr) {
    const CURLMsg* message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) break;
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CurlCall::Of(message->easy_handle)->OnDone(code);  // runs the receiver, which may start and cancel others
  }
}

int Shard::OnSocket(CURL*, curl_socket_t fd, int what, void* shard, void* watch) {
  auto* self = static_cast<Shard*>(shard);
  auto* known = static_cast<SocketWatch*>(watch);
  if (what == CURL_POLL_REMOVE) {
    self->loop_.Unwatch(fd);
    delete known;
    if (self->multi_ != nullptr) curl_multi_assign(self->multi_, fd, nullptr);
    return 0;
  }
  uint32_t events = 0;
  if ((what & CURL_POLL_IN) != 0) events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) events |= EPOLLOUT;
  if (known != nullptr) return self->loop_.Rewatch(fd, events).ok() ? 0 : -1;
  auto fresh = std::make_unique<SocketWatch>(self, fd);
  if (!self->loop_.Watch(fd, events, fresh.get()).ok()) return -1;
  curl_multi_assign(self->multi_, fd, fresh.release());
  return 0;
}

int Shard::OnTimeout(CURLM*, long timeout_ms, void* shard) {
  auto* self = static_cast<Shard*>(shard);
  if (timeout_ms < 0) {
    self->curl_timer_.Cancel();
  } else {
    self->curl_timer_.ArmAt(After(self->loop_.clock().Now(), absl::Milliseconds(timeout_ms)));
  }
  return 0;
}

curl_socket_t Shard::OpenSocket(const curl_sockaddr& address, CurlCall* call) {
  int fd = socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  const auto forgotten = [&] {
    return std::find_if(connecting_.begin(), connecting_.end(), [&](const Connecting& c) { return c.fd == fd; });
  };
  if (auto it = forgotten(); it != connecting_.end()) {
    // The number of a socket that curl closed in silence a moment ago. Given the same number again, curl would think
    // that it is watched already, and wait for ever.
    connecting_.erase(it);
    CountClosed();
    close(std::exchange(fd, fcntl(fd, F_DUPFD_CLOEXEC, fd + 1)));
    if (fd < 0) return CURL_SOCKET_BAD;
  }
  ++open_;
  pool_->ConnectionOpened();
  connecting_.push_back({fd, InodeOf(fd), call});
  return fd;
}

int Shard::CloseSocket(void* shard, curl_socket_t fd) {
  auto* self = static_cast<Shard*>(shard);
  self->loop_.Unwatch(fd);
  self->CountClosed();
  const linger hard{1, 0};
  if (self->reset_on_close_) setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  std::erase_if(self->connecting_, [&](const Connecting& c) { return c.fd == fd; });
  return close(fd);
}

void Shard::SettleSockets(CurlCall* call) {
  std::erase_if(connecting_, [&](const Connecting& c) {
    if (c.call != call) return false;
    if (InodeOf(c.fd) != c.inode) CountClosed();
    return true;
  });
}

void Shard::CountClosed() {
  --open_;
  pool_->ConnectionClosed();
}

}  // namespace sluice::upstream
