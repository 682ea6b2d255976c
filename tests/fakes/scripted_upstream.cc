#include "tests/fakes/scripted_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sluice::fakes {
namespace {

std::shared_ptr<SSL_CTX> MakeTls(const Certificate& certificate) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), certificate.x509.get());
  SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
  return context;
}

// OpenSSL writes without MSG_NOSIGNAL.
void BlockSigpipe() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

ScriptedUpstream::ScriptedUpstream(Options options, Handler handler)
    : options_(std::move(options)), handler_(std::move(handler)) {
  if (options_.tls) tls_ = MakeTls(authority_.Issue(options_.certificate));
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, SOMAXCONN) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("scripted upstream");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { AcceptLoop(); });
}

ScriptedUpstream::~ScriptedUpstream() {
  StopListening();
  CloseConnections();
  for (Connection& connection : connections_) connection.thread.join();
}

std::string ScriptedUpstream::Url(absl::string_view path) const {
  return absl::StrCat(options_.tls ? "https" : "http", "://127.0.0.1:", port_, path);
}

ScriptedUpstream::Counts ScriptedUpstream::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<ReceivedRequest> ScriptedUpstream::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

bool ScriptedUpstream::WaitUntil(const std::function<bool(const Counts&)>& done) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return done(counts_); });
}

void ScriptedUpstream::CloseConnections() {
  std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (connection.wire != nullptr) connection.wire->Shutdown();
  }
}

void ScriptedUpstream::CloseConnection(int number) {
  std::lock_guard lock(mutex_);
  for (Connection& connection : connections_) {
    if (connection.number == number && connection.wire != nullptr) connection.wire->Shutdown();
  }
}

void ScriptedUpstream::StopListening() {
  stop_.Set();
  if (acceptor_.joinable()) acceptor_.join();
  if (listener_ >= 0) close(std::exchange(listener_, -1));
}

void ScriptedUpstream::Count(int Counts::*what, int by) {
  std::lock_guard lock(mutex_);
  counts_.*what += by;
  changed_.notify_all();
}

void ScriptedUpstream::AcceptLoop() {
  while (true) {
    std::array<pollfd, 2> items{pollfd{listener_, POLLIN, 0}, pollfd{stop_.fd(), POLLIN, 0}};
    poll(items.data(), items.size(), -1);
    if (items[1].revents != 0) return;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    std::lock_guard lock(mutex_);
    ++counts_.open;
    ++counts_.accepted;
    changed_.notify_all();
    Connection* connection = &connections_.emplace_back();
    connection->number = counts_.accepted;
    connection->wire = std::make_unique<Wire>(fd);
    connection->thread = std::thread([this, connection] { Serve(connection); });
  }
}

void ScriptedUpstream::Serve(Connection* connection) {
  BlockSigpipe();
  Wire& wire = *connection->wire;
  bool ok = true;
  if (options_.stall_handshake) {
    wire.WaitFor(nullptr, -1);
    ok = false;
  } else if (options_.tls) {
    ok = wire.StartTls(tls_.get());
    if (ok) Count(&Counts::handshakes);
    if (ok && wire.resumed()) Count(&Counts::resumed);
  }
  std::string buffer;
  ReceivedRequest request;
  request.connection = connection->number;
  while (ok && ReadRequest(wire, &buffer, &request)) {
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      ++counts_.requests;
      changed_.notify_all();
    }
    Conversation conversation(&wire);
    handler_(request, conversation);
    ok = !conversation.finished_;
  }
  std::lock_guard lock(mutex_);
  connection->wire = nullptr;
  --counts_.open;
  changed_.notify_all();
}

bool ScriptedUpstream::ReadRequest(Wire& wire, std::string* buffer, ReceivedRequest* request) {
  size_t end = 0;
  while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
    if (!wire.Read(buffer) || !absl::ascii_isupper(static_cast<unsigned char>((*buffer)[0]))) return false;
  }
  const std::vector<std::string> lines = absl::StrSplit(absl::string_view(*buffer).substr(0, end), "\r\n");
  buffer->erase(0, end + 4);
  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  if (words.size() != 3) return false;
  request->method = words[0];
  request->target = words[1];
  request->headers.clear();
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> field = absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request->headers.emplace_back(absl::AsciiStrToLower(field.first),
                                  std::string(absl::StripAsciiWhitespace(field.second)));
  }
  if (!options_.read_bodies) return true;
  size_t length = 0;
  if (!absl::SimpleAtoi(request->Header("content-length"), &length)) length = 0;
  while (buffer->size() < length) {
    if (!wire.Read(buffer)) return false;
  }
  request->body = buffer->substr(0, length);
  buffer->erase(0, length);
  return true;
}

}  // namespace sluice::fakes
