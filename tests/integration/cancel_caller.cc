#include "tests/integration/cancel_caller.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/numbers.h"

namespace sluice::integration {
namespace {

std::vector<int> Descriptors() {
  std::vector<int> fds;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    int fd = -1;
    if (absl::SimpleAtoi(entry.path().filename().string(), &fd)) fds.push_back(fd);
  }
  return fds;
}

using Name = int (*)(int, sockaddr*, socklen_t*);
// gRPC speaks IPv4 through IPv6 sockets where it can; the port stands in the same place.
int PortOf(Name name, int fd) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (name(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return -1;
  return address.sin6_family == AF_INET || address.sin6_family == AF_INET6 ? ntohs(address.sin6_port) : -1;
}

// This process's connections to a port, by their own.
std::map<int, int> ConnectionsTo(int port) {
  std::map<int, int> by_port;
  for (const int fd : Descriptors()) {
    if (PortOf(&getpeername, fd) == port) by_port[PortOf(&getsockname, fd)] = fd;
  }
  return by_port;
}

}  // namespace

const char* MethodName(Method method) {
  switch (method) {
    case Method::kChat:
      return "Chat";
    case Method::kComplete:
      return "Complete";
    case Method::kListModels:
      return "ListModels";
  }
  return "";
}

Caller::Caller(int port, Method method, const CallerOptions& options) : channel_(Connect(port)) {
  const std::map<int, int> before = ConnectionsTo(port);
  if (!channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20))) return;
  for (const auto& [own_port, fd] : ConnectionsTo(port)) {
    if (before.count(own_port) == 0) socket_ = fd;
  }
  if (options.timeout) context_.set_deadline(std::chrono::system_clock::now() + *options.timeout);
  thread_ = std::thread([this, method, options] { code_ = Run(method, options); });
}

Caller::~Caller() {
  if (thread_.joinable()) Cancel();
  Join();
}

grpc::StatusCode Caller::Run(Method method, const CallerOptions& options) {
  v1::CompleteRequest request;
  *request.mutable_chat() = Ask();
  if (method == Method::kComplete) {
    v1::CompleteResponse response;
    return v1::ChatService::NewStub(channel_)->Complete(&context_, request, &response).error_code();
  }
  if (method == Method::kListModels) {
    v1::ListModelsResponse response;
    return v1::ModelService::NewStub(channel_)->ListModels(&context_, {}, &response).error_code();
  }
  const auto stream = v1::ChatService::NewStub(channel_)->Chat(&context_, request.chat());
  if (!options.reads) left_.Wait(30'000);
  v1::ChatResponse event;
  while (stream->Read(&event)) {
  }
  return stream->Finish().error_code();
}

void Caller::Cancel() {
  context_.TryCancel();
  left_.Set();
}

void Caller::HangUp() {
  EXPECT_GE(socket_, 0);
  shutdown(socket_, SHUT_RDWR);
  left_.Set();
}

grpc::StatusCode Caller::Join() {
  if (thread_.joinable()) thread_.join();
  return code_;
}

void Presence::Add(int number) {
  const std::lock_guard lock(mutex_);
  count_ += number;
  changed_.notify_all();
}

bool Presence::WaitFor(int count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return count_ == count; });
}

int SocketsConnecting() {
  int count = 0;
  for (const int fd : Descriptors()) {
    tcp_info info{};
    socklen_t size = sizeof info;
    count += getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_SYN_SENT;
  }
  return count;
}

}  // namespace sluice::integration
