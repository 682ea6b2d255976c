#include "tests/soak/upstream.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::soak {
namespace {

constexpr uint64_t kStop = 2;  // 0 and 1 are the listeners
constexpr size_t kBatch = 64 << 10;
constexpr int64_t kLookEveryMs = 250;
constexpr char kModels[] = R"({"object":"list","data":[{"id":"m","object":"model"}]})";

int Listen(int* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, generic, size) != 0 || listen(fd, 4096) != 0 || getsockname(fd, generic, &size) != 0) perror("listen");
  *port = ntohs(address.sin_port);
  return fd;
}

void Watch(int epoll, int fd, uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

std::shared_ptr<SSL_CTX> ServerTls(const fakes::Certificate& certificate) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), certificate.x509.get());
  SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return context;
}

// A whole request's length, or 0 while more of it has to come.
size_t RequestSize(const std::string& in) {
  const size_t head = in.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const char* length = strcasestr(in.c_str(), "\r\ncontent-length:");
  const bool has_body = length != nullptr && length < in.c_str() + head;
  const size_t size = head + 4 + (has_body ? static_cast<size_t>(atoll(length + 17)) : 0);
  return in.size() < size ? 0 : size;
}

int64_t CallNumber(absl::string_view request) {
  const size_t at = request.find("soak-");
  int64_t number = 0;
  if (at == absl::string_view::npos) return 0;
  const absl::string_view rest = request.substr(at + 5, 20);
  return absl::SimpleAtoi(rest.substr(0, rest.find('.')), &number) ? number : 0;
}

}  // namespace

Upstream::Upstream(Ledger* ledger)
    : ledger_(ledger),
      tls_(ServerTls(authority_.Issue())),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      last_serial_(kStop) {
  for (uint64_t i = 0; i < 2; ++i) {
    listeners_[i] = Listen(&ports_[i]);
    Watch(epoll_, listeners_[i], i);
  }
  Watch(epoll_, stop_, kStop);
  thread_ = std::thread([this] { Run(); });
}

Upstream::~Upstream() {
  eventfd_write(stop_, 1);
  thread_.join();
  for (const int fd : {listeners_[0], listeners_[1], stop_, epoll_}) close(fd);
}

std::string Upstream::Url(bool tls) const {
  return absl::StrCat(tls ? "https" : "http", "://127.0.0.1:", ports_[tls ? 1 : 0], "/v1");
}

Upstream::Counts Upstream::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<int64_t> Upstream::close_lags() const {
  const std::lock_guard lock(mutex_);
  return close_lags_;
}

void Upstream::Run() {
  // OpenSSL writes to connections that the gateway has closed; it knows no MSG_NOSIGNAL.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  epoll_event events[256];
  for (;;) {
    const int64_t now = NowMs();
    int64_t wait = next_look_ - now;
    if (!due_.empty()) wait = std::min(wait, due_.begin()->first - now);
    const int ready = epoll_wait(epoll_, events, 256, static_cast<int>(std::max<int64_t>(0, wait)));
    for (int i = 0; i < ready; ++i) {
      const uint64_t tag = events[i].data.u64;
      if (tag == kStop) return connections_.clear();
      if (tag < kStop) {
        Accept(tag == 1);
      } else if (const auto found = connections_.find(tag); found != connections_.end()) {
        Handle(*found->second);
      }
    }
    FireTimers();
    if (NowMs() >= next_look_) LookForLate();
  }
}

void Upstream::Accept(bool tls) {
  int fd;
  while ((fd = accept4(listeners_[tls ? 1 : 0], nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const uint64_t serial = ++last_serial_;
    connections_[serial] = std::make_unique<Connection>(serial, fd, tls ? tls_.get() : nullptr);
    Watch(epoll_, fd, serial);
    const std::lock_guard lock(mutex_);
    ++counts_.accepted;
  }
}

void Upstream::Handle(Connection& connection) {
  if (!connection.wire.Read(&connection.in) || !TakeRequest(connection) || !Pump(connection)) Close(connection);
}

bool Upstream::TakeRequest(Connection& connection) {
  if (connection.state != State::kIdle || connection.in.empty()) return true;
  if (connection.stale) {
    const std::lock_guard lock(mutex_);
    ++counts_.stale;
    return false;
  }
  const size_t size = RequestSize(connection.in);
  if (size == 0) return true;
  const std::string request = connection.in.substr(0, size);
  connection.in.erase(0, size);
  if (absl::StartsWith(request, "GET ")) {
    connection.out += WholeReply(200, "application/json", kModels);
    return true;
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_.requests;
  }
  std::shared_ptr<Record> record = ledger_->Find(CallNumber(request));
  if (record == nullptr) {
    ledger_->Breach("request of no known call", request);
    return false;
  }
  if (const int64_t ended = record->ended_ms; ended != 0 && NowMs() - ended > kLateMs) {
    ledger_->Breach("asked though its caller had gone", absl::StrCat("call ", record->number, " ", NowMs() - ended,
                                                                     " ms after its end: ", Describe(record->plan),
                                                                     ", attempts ", record->attempts.load()));
    return false;
  }
  connection.reply.emplace(std::move(record));
  connection.state = State::kRunning;
  return true;
}

bool Upstream::Pump(Connection& connection) {
  do {
    if (!connection.out.empty() && !connection.wire.Flush(&connection.out)) return false;
    if (!connection.out.empty()) break;
    if (connection.state == State::kClosing) return false;
  } while (connection.state == State::kRunning && Fill(connection));
  WatchOutput(connection);
  return connection.state != State::kClosing || !connection.out.empty();
}

// Takes the reply's steps until there is enough to send, or nothing to do for now.
bool Upstream::Fill(Connection& connection) {
  while (connection.state == State::kRunning && connection.out.size() < kBatch) {
    const Reply::Action action = connection.reply->Step(&connection.out);
    switch (action.next) {
      case Reply::Next::kGoOn:
        if (action.wait.count() == 0) break;
        connection.state = State::kWaiting;
        due_.emplace(NowMs() + action.wait.count(), connection.serial);
        break;
      case Reply::Next::kStall:
        connection.state = State::kStalled;
        break;
      case Reply::Next::kReset:
        connection.wire.Reset();
        [[fallthrough]];
      case Reply::Next::kFin:
        connection.state = State::kClosing;
        connection.reply.reset();
        break;
      case Reply::Next::kEnd: {
        const Fault fault = connection.reply->record().plan.fault;
        connection.state = fault == Fault::kCloseAfter ? State::kClosing : State::kIdle;
        connection.stale = fault == Fault::kGoStale;
        connection.reply.reset();
        break;
      }
    }
  }
  return !connection.out.empty();
}

void Upstream::WatchOutput(Connection& connection) {
  const bool wanted = !connection.out.empty() || connection.wire.wants_to_write();
  if (wanted == connection.watches_output) return;
  connection.watches_output = wanted;
  epoll_event event{};
  event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = connection.serial;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.wire.fd(), &event);
}

void Upstream::Close(Connection& connection) {
  if (connection.reply) {
    const int64_t ended = connection.reply->record().ended_ms;
    // A connection may also be closed a moment before the caller has noted its call's end.
    const std::lock_guard lock(mutex_);
    close_lags_.push_back(ended == 0 ? 0 : NowMs() - ended);
  }
  connections_.erase(connection.serial);
}

void Upstream::FireTimers() {
  const int64_t now = NowMs();  // read once: sockets get their turn even when sending cannot keep pace
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto found = connections_.find(due_.begin()->second);
    due_.erase(due_.begin());
    if (found == connections_.end()) continue;
    found->second->state = State::kRunning;
    if (!Pump(*found->second)) Close(*found->second);
  }
}

void Upstream::LookForLate() {
  const int64_t now = NowMs();
  next_look_ = now + kLookEveryMs;
  int64_t busy = 0;
  for (const auto& [serial, connection] : connections_) {
    if (!connection->reply) continue;
    ++busy;
    const Record& record = connection->reply->record();
    if (connection->late || record.ended_ms == 0 || now - record.ended_ms <= kLateMs) continue;
    connection->late = true;
    ledger_->Breach("upstream left open after its caller had gone",
                    absl::StrCat("call ", record.number, ": ", Describe(record.plan)));
  }
  const std::lock_guard lock(mutex_);
  counts_.open = static_cast<int64_t>(connections_.size());
  counts_.busy = busy;
}

}  // namespace sluice::soak
