// Loads an OpenAI-compatible HTTP server with streams and checks every delta: usage as load.h's Plan says.
// One thread; each stream has a connection of its own, and the probes share one that is kept alive.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "tests/bench/load.h"

namespace sluice::bench {
namespace {

constexpr char kMark[] = "\"content\":\"";
constexpr size_t kMarkBytes = sizeof(kMark) - 1;

std::string Request(int max_tokens) {
  const std::string body =
      "{\"model\":\"bench\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":" +
      std::to_string(max_tokens) + ",\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}";
  return "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Stream {
  int fd = -1;
  bool probe = false;
  int64_t started = 0;
  int64_t next = 0;  // the number of the delta that is due
  std::string rest;  // what a read left of an unfinished delta
};

class Load {
 public:
  explicit Load(const Plan& plan) : plan_(plan), run_(plan), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < plan.streams; ++i) streams_.push_back(Connect(false));
    probe_ = Connect(true);
  }

  int Go() {
    run_ = Run(plan_);  // the connections are warm: now the clock starts
    epoll_event events[256];
    int opened = 0;
    for (;;) {
      const int64_t now = NowNs();
      for (const int due = run_.StreamsDue(now); opened < due; ++opened)
        Start(*streams_[static_cast<size_t>(opened)], 100000);
      if (run_.Advance(now) == Phase::kOver) return run_.Report();
      if (run_.ProbeDue(now) && probe_->started == 0) Start(*probe_, 1);
      const int ready = epoll_wait(epoll_, events, 256, 1);
      for (int i = 0; i < ready; ++i) Read(*static_cast<Stream*>(events[i].data.ptr));
    }
  }

 private:
  std::unique_ptr<Stream> Connect(bool probe) const {
    auto stream = std::make_unique<Stream>();
    stream->probe = probe;
    stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(plan_.port));
    if (connect(stream->fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      perror("connect");
      exit(1);
    }
    const int on = 1;
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = stream.get();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, stream->fd, &event);
    return stream;
  }

  void Start(Stream& stream, int max_tokens) {
    stream.started = NowNs();
    stream.next = 0;
    const std::string request = Request(max_tokens);
    if (send(stream.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
      run_.Error("a request was not taken");
    }
  }

  void Read(Stream& stream) {
    char buffer[65536];
    const ssize_t got = recv(stream.fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) {
        run_.Error("a stream was closed");
        close(stream.fd);
      }
      return;
    }
    const int64_t now = NowNs();
    stream.rest.append(buffer, static_cast<size_t>(got));
    size_t from = 0;
    for (size_t at; (at = stream.rest.find(kMark, from)) != std::string::npos;) {
      const size_t text = at + kMarkBytes;
      if (stream.rest.size() < text + kTextBytes) break;
      if (stream.probe) {
        run_.TakeProbe(now - stream.started);
      } else {
        run_.TakeDelta(stream.rest.data() + text, kTextBytes, stream.next++, now);
      }
      from = text + kTextBytes;
    }
    if (stream.probe && stream.rest.find("\r\n0\r\n\r\n", from) != std::string::npos) {
      stream.started = 0;
      from = stream.rest.size();
    }
    // Without a mark that begins, only a torn one at the very end can still matter.
    const size_t mark = stream.rest.find(kMark, from);
    if (mark != std::string::npos) {
      from = mark;
    } else if (stream.rest.size() > from + kMarkBytes) {
      from = stream.rest.size() - kMarkBytes;
    }
    stream.rest.erase(0, from);
  }

  Plan plan_;
  Run run_;
  int epoll_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::unique_ptr<Stream> probe_;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::Load(sluice::bench::Plan::FromArgs(argc, argv)).Go(); }
