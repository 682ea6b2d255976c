// A paced upstream for measuring: plain HTTP/1.1, one thread, OpenAI chunks of about 250 bytes.
// usage: bench_upstream [INTERVAL_US]; prints "port=N" and serves until it is killed.
//
// Each stream's first delta leaves at once and the others one interval apart, until max_tokens of the request are out.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <deque>
#include <memory>
#include <unordered_map>

#include "tests/bench/load.h"

namespace sluice::bench {
namespace {

constexpr char kHead[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\ncache-control: "
    "no-cache\r\n\r\n";
constexpr char kBefore[] =
    "data: "
    "{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\",\"created\":1741569952,"
    "\"model\":\"bench\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":"
    "0,"
    "\"delta\":{\"content\":\"";
constexpr char kAfter[] = "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
constexpr char kEnd[] =
    "data: "
    "{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\",\"created\":1741569952,"
    "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: "
    "{\"id\":\"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT\",\"object\":\"chat.completion.chunk\",\"created\":1741569952,"
    "\"model\":\"bench\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n"
    "data: [DONE]\n\n";
constexpr char kModels[] = "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\"}]}";

struct Connection {
  int fd = -1;
  uint64_t serial = 0;  // file descriptors are used again; a serial is not
  std::string in;
  int64_t next = -1;  // the next delta's number; -1 while no stream runs
  int64_t count = 0;
};

class Upstream {
 public:
  explicit Upstream(int64_t interval_ns) : interval_(interval_ns), epoll_(epoll_create1(EPOLL_CLOEXEC)) { Listen(); }

  void Serve() {
    epoll_event events[256];
    for (;;) {
      const int64_t wait = due_.empty() ? kNsPerSecond : std::max<int64_t>(0, due_.front().at - NowNs());
      const timespec timeout{wait / kNsPerSecond, wait % kNsPerSecond};
      const int ready = epoll_pwait2(epoll_, events, 256, &timeout, nullptr);
      for (int i = 0; i < ready; ++i) {
        if (events[i].data.fd == listener_) {
          Accept();
        } else {
          Read(events[i].data.fd);
        }
      }
      SendDue();
    }
  }

 private:
  // All streams have one interval, so appending keeps the queue in order of time (as far as the program keeps pace).
  struct Due {
    int64_t at;
    int fd;
    uint64_t serial;
  };

  void Listen() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 4096) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      perror("listen");
      exit(1);
    }
    Watch(listener_);
    printf("port=%d\n", ntohs(address.sin_port));
    fflush(stdout);
  }

  void Watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Accept() {
    int fd;
    while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      connection->serial = ++serials_;
      connections_[fd] = std::move(connection);
      Watch(fd);
    }
  }

  void Close(int fd) {
    connections_.erase(fd);
    close(fd);
  }

  void Read(int fd) {
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    char buffer[16384];
    const ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
    if (got <= 0) {
      if (got == 0 || errno != EAGAIN) Close(fd);
      return;
    }
    Connection& connection = *found->second;
    connection.in.append(buffer, static_cast<size_t>(got));
    TakeRequest(connection);
  }

  void TakeRequest(Connection& connection) {
    const size_t head = connection.in.find("\r\n\r\n");
    if (head == std::string::npos) return;
    if (connection.in.compare(0, 4, "GET ") == 0) {
      connection.in.clear();
      std::string reply = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
      reply += std::to_string(strlen(kModels)) + "\r\n\r\n" + kModels;
      Send(connection, reply);
      return;
    }
    const size_t body = head + 4;
    const char* length = strcasestr(connection.in.c_str(), "\r\ncontent-length:");
    if (length == nullptr || connection.in.size() < body + static_cast<size_t>(atoll(length + 17))) return;
    const char* max_tokens = strstr(connection.in.c_str() + body, "\"max_tokens\":");
    connection.count = max_tokens == nullptr ? 1 : atoll(max_tokens + 13);
    connection.in.clear();
    connection.next = 0;
    SendDelta(connection, kHead, NowNs() + interval_);
  }

  void SendDue() {
    const int64_t now = NowNs();  // read once: sockets get their turn even when sending cannot keep pace
    while (!due_.empty() && due_.front().at <= now) {
      const Due due = due_.front();
      due_.pop_front();
      const auto found = connections_.find(due.fd);
      if (found != connections_.end() && found->second->serial == due.serial)
        SendDelta(*found->second, "", due.at + interval_);
    }
  }

  // The pace is kept from the first delta on: one that leaves late does not move the later ones.
  void SendDelta(Connection& connection, const char* before, int64_t next_at) {
    const int64_t now = NowNs();
    char text[kTextBytes + 24];  // room for what the compiler cannot rule out
    snprintf(text, sizeof(text), "%07ld %016ld", static_cast<long>(connection.next % 10'000'000),
             static_cast<long>(now));
    out_ = before;
    AppendChunk(std::string(kBefore) + text + kAfter);
    if (++connection.next == connection.count) {
      AppendChunk(kEnd);
      out_ += "0\r\n\r\n";
      connection.next = -1;
    } else {
      due_.push_back({next_at, connection.fd, connection.serial});
    }
    Send(connection, out_);
  }

  void AppendChunk(const std::string& data) {
    char size[24];
    snprintf(size, sizeof(size), "%zx\r\n", data.size());
    out_ += size;
    out_ += data;
    out_ += "\r\n";
  }

  // A receiver that is so slow that the socket's buffer is full has lost the measurement anyway: its stream is cut.
  void Send(const Connection& connection, const std::string& bytes) const {
    if (send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      shutdown(connection.fd, SHUT_RDWR);
    }
  }

  int64_t interval_;
  int epoll_;
  int listener_ = -1;
  uint64_t serials_ = 0;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::deque<Due> due_;
  std::string out_;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  const int64_t interval_us = argc > 1 ? atoll(argv[1]) : 20'000;
  sluice::bench::Upstream(interval_us * 1000).Serve();
}
