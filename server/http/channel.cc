#include "server/http/channel.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>

namespace sluice::http {
namespace {

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(int socket) : socket_(socket) {}

  IoResult Read(char* data, size_t size) override {
    ssize_t n = 0;
    do {
      n = recv(socket_, data, size, 0);
    } while (n < 0 && errno == EINTR);
    return ToResult(n, Io::kWantRead);
  }

  IoResult Write(absl::string_view bytes) override {
    ssize_t n = 0;
    do {
      n = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return ToResult(n, Io::kWantWrite);
  }

  void SayGoodbye() override {}  // the FIN says it

 private:
  static IoResult ToResult(ssize_t n, Io if_blocked) {
    if (n > 0) return {Io::kDone, static_cast<size_t>(n)};
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {if_blocked, 0};
    return {Io::kClosed, 0};
  }

  const int socket_;
};

}  // namespace

std::unique_ptr<Channel> NewPlainChannel(int socket) { return std::make_unique<PlainChannel>(socket); }

}  // namespace sluice::http
