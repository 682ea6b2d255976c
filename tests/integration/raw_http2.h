#ifndef SLUICE_TESTS_INTEGRATION_RAW_HTTP2_H_
#define SLUICE_TESTS_INTEGRATION_RAW_HTTP2_H_

#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::integration {

// A caller's plaintext HTTP/2 connection, frame by frame (RFC 9113), for what gRPC's own clients do not do or show.
class RawHttp2 {
 public:
  enum Type { kData = 0, kHeaders = 1, kSettings = 4, kPing = 6, kGoAway = 7, kWindowUpdate = 8 };
  struct Frame {
    int type = 0;
    int flags = 0;
    uint32_t stream = 0;
    std::string payload;
  };

  explicit RawHttp2(int port);  // to the loopback; sends the preface and takes the server's defaults
  ~RawHttp2();
  RawHttp2(const RawHttp2&) = delete;
  RawHttp2& operator=(const RawHttp2&) = delete;

  void Send(Type type, int flags, uint32_t stream, absl::string_view payload);
  void Ping() { Send(kPing, 0, 0, "12345678"); }
  // A gRPC call with this message, serialized.
  void Call(uint32_t stream, absl::string_view path, absl::string_view message = "");
  // Lets the server send as much as it likes, so that only the socket holds it up. For calls made later.
  void OpenWindows();

  void Close();

  // The next frame; settings and pings are acknowledged on the way. Nothing once the server has closed, or is silent
  // for 20 s.
  std::optional<Frame> Next();
  // The next frame of this type, and the others dropped.
  std::optional<Frame> NextOf(Type type);

 private:
  std::optional<std::string> Read(size_t size);

  int fd_ = -1;
  std::string buffer_;
};

// The number in the four bytes at `at`, in network order.
uint32_t NumberAt(absl::string_view bytes, size_t at);
// What a SETTINGS frame sets, by identifier.
std::map<int, uint32_t> ReadSettings(const RawHttp2::Frame& frame);

}  // namespace sluice::integration

#endif  // SLUICE_TESTS_INTEGRATION_RAW_HTTP2_H_
