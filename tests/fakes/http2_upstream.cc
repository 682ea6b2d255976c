#include "tests/fakes/http2_upstream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::fakes {
namespace {

constexpr size_t kFrameHead = 9;
constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum Type : int { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6 };
constexpr int kEndStream = 0x1;  // also ACK
constexpr int kEndHeaders = 0x4;

std::string Frame(int type, int flags, int stream, absl::string_view payload) {
  std::string frame;
  for (const size_t byte :
       {payload.size() >> 16, payload.size() >> 8, payload.size(), static_cast<size_t>(type),
        static_cast<size_t>(flags), static_cast<size_t>(stream) >> 24, static_cast<size_t>(stream) >> 16,
        static_cast<size_t>(stream) >> 8, static_cast<size_t>(stream)}) {
    frame.push_back(static_cast<char>(byte & 0xff));
  }
  return absl::StrCat(frame, payload);
}

int ChooseH2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void*) {
  static constexpr unsigned char kH2[] = {'h', '2'};
  *out = kH2;
  *size = 2;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Http2Upstream::Http2Upstream(Handler handler)
    : handler_(std::move(handler)), tls_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free) {
  const Certificate certificate = authority_.Issue();
  SSL_CTX_use_certificate(tls_.get(), certificate.x509.get());
  SSL_CTX_use_PrivateKey(tls_.get(), certificate.key.get());
  SSL_CTX_set_alpn_select_cb(tls_.get(), &ChooseH2, nullptr);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, SOMAXCONN) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("http2 upstream");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

Http2Upstream::~Http2Upstream() {
  stop_.Set();
  thread_.join();
  close(listener_);
}

std::string Http2Upstream::Url() const { return absl::StrCat("https://127.0.0.1:", port_, "/"); }

std::string Http2Upstream::Head(int stream) {
  return Frame(kHeaders, kEndHeaders, stream, "\x88");  // entry 8 of HPACK's static table: ":status: 200"
}

std::string Http2Upstream::Data(int stream, absl::string_view bytes, bool end) {
  constexpr size_t kMaxPayload = 16384;
  std::string frames;
  for (; bytes.size() > kMaxPayload; bytes.remove_prefix(kMaxPayload)) {
    frames += Frame(kData, 0, stream, bytes.substr(0, kMaxPayload));
  }
  return frames + Frame(kData, end ? kEndStream : 0, stream, bytes);
}

void Http2Upstream::Send(const std::string& frames) {
  std::lock_guard lock(mutex_);
  outbox_ += frames;
  outbox_filled_.Set();
}

bool Http2Upstream::WaitUntil(const std::function<bool(const Counts&)>& done) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return done(counts_); });
}

Http2Upstream::Counts Http2Upstream::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void Http2Upstream::Run() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  while (true) {
    std::array<pollfd, 2> items{pollfd{listener_, POLLIN, 0}, pollfd{stop_.fd(), POLLIN, 0}};
    poll(items.data(), items.size(), -1);
    if (items[1].revents != 0) return;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    {
      std::lock_guard lock(mutex_);
      ++counts_.accepted;
      counts_.open = true;
    }
    Wire wire(fd);
    if (wire.StartTls(tls_.get())) Serve(wire, fd);
    std::lock_guard lock(mutex_);
    counts_.open = false;
    changed_.notify_all();
  }
}

void Http2Upstream::Serve(Wire& wire, int fd) {
  wire.Write(Frame(kSettings, 0, 0, ""));
  std::string buffer;
  bool greeted = false;
  while (true) {
    std::array<pollfd, 3> items{pollfd{fd, POLLIN, 0}, pollfd{stop_.fd(), POLLIN, 0},
                                pollfd{outbox_filled_.fd(), POLLIN, 0}};
    poll(items.data(), items.size(), -1);
    if (items[1].revents != 0) return;
    std::string out;
    if (items[2].revents != 0) {
      std::lock_guard lock(mutex_);
      outbox_filled_.Clear();
      out = std::exchange(outbox_, "");
    }
    if (items[0].revents != 0) {
      if (!wire.Read(&buffer)) return;
      if (!greeted && buffer.size() >= kPreface.size()) {
        buffer.erase(0, kPreface.size());
        greeted = true;
      }
      if (greeted) out += Handle(&buffer);
    }
    wire.Write(out);
  }
}

std::string Http2Upstream::Handle(std::string* buffer) {
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<unsigned char>((*buffer)[at])); };
  std::string answer;
  while (buffer->size() >= kFrameHead) {
    const size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (buffer->size() < kFrameHead + size) break;
    const int type = static_cast<int>(byte(3));
    const int flags = static_cast<int>(byte(4));
    const int stream = static_cast<int>(byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8));
    const std::string payload = buffer->substr(kFrameHead, size);
    buffer->erase(0, kFrameHead + size);
    if (type == kSettings && (flags & kEndStream) == 0) answer += Frame(kSettings, kEndStream, 0, "");
    if (type == kPing && (flags & kEndStream) == 0) answer += Frame(kPing, kEndStream, 0, payload);
    const bool request = (type == kHeaders || type == kData) && (flags & kEndStream) != 0;
    if (request) answer += handler_(stream);
    std::lock_guard lock(mutex_);
    counts_.requests += request ? 1 : 0;
    counts_.resets += type == kReset ? 1 : 0;
    changed_.notify_all();
  }
  return answer;
}

}  // namespace sluice::fakes
