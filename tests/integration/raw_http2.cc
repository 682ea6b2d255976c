#include "tests/integration/raw_http2.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sluice::integration {
namespace {

constexpr size_t kHeadSize = 9;
constexpr int kAck = 1;
constexpr int kEndStream = 1;
constexpr int kEndHeaders = 4;

void AppendNumber(uint32_t number, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<char>(number >> (8 * i)));
}

// HPACK, a literal field that is not indexed, its name spelt out (RFC 7541, 6.2.2); strings below 127 bytes.
void AppendField(absl::string_view name, absl::string_view value, std::string* out) {
  out->push_back(0);
  for (const absl::string_view text : {name, value}) {
    out->push_back(static_cast<char>(text.size()));
    out->append(text.data(), text.size());
  }
}

}  // namespace

RawHttp2::RawHttp2(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
  constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  static_cast<void>(!send(fd_, kPreface.data(), kPreface.size(), MSG_NOSIGNAL));
  Send(kSettings, 0, 0, "");
}

RawHttp2::~RawHttp2() { Close(); }

void RawHttp2::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

void RawHttp2::Send(Type type, int flags, uint32_t stream, absl::string_view payload) {
  std::string frame;
  AppendNumber(static_cast<uint32_t>(payload.size()), 3, &frame);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  AppendNumber(stream, 4, &frame);
  frame.append(payload.data(), payload.size());
  static_cast<void>(!send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL));
}

void RawHttp2::OpenWindows() {
  constexpr int kInitialWindowSize = 4;  // RFC 9113, 6.5.2
  constexpr uint32_t kMost = (uint32_t{1} << 31) - 1, kDefault = 65535;
  std::string settings, increment;
  AppendNumber(kInitialWindowSize, 2, &settings);
  AppendNumber(kMost, 4, &settings);
  Send(kSettings, 0, 0, settings);
  AppendNumber(kMost - kDefault, 4, &increment);
  Send(kWindowUpdate, 0, 0, increment);
}

void RawHttp2::Call(uint32_t stream, absl::string_view path, absl::string_view message) {
  std::string fields;
  AppendField(":method", "POST", &fields);
  AppendField(":scheme", "http", &fields);
  AppendField(":path", path, &fields);
  AppendField(":authority", "test", &fields);
  AppendField("te", "trailers", &fields);
  AppendField("content-type", "application/grpc", &fields);
  Send(kHeaders, kEndHeaders, stream, fields);
  std::string body(1, '\0');  // not compressed
  AppendNumber(static_cast<uint32_t>(message.size()), 4, &body);
  Send(kData, kEndStream, stream, body.append(message.data(), message.size()));
}

std::optional<std::string> RawHttp2::Read(size_t size) {
  std::array<char, 16384> bytes;
  while (buffer_.size() < size) {
    pollfd item{fd_, POLLIN, 0};
    if (poll(&item, 1, 20'000) != 1) return std::nullopt;
    const ssize_t n = recv(fd_, bytes.data(), bytes.size(), 0);
    if (n <= 0) return std::nullopt;
    buffer_.append(bytes.data(), static_cast<size_t>(n));
  }
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

std::optional<RawHttp2::Frame> RawHttp2::Next() {
  const auto head = Read(kHeadSize);
  if (!head) return std::nullopt;
  auto payload = Read(NumberAt(*head, 0) >> 8);
  if (!payload) return std::nullopt;
  Frame frame{(*head)[3], (*head)[4], NumberAt(*head, 5), *std::move(payload)};
  if ((frame.flags & kAck) == 0) {
    if (frame.type == kSettings) Send(kSettings, kAck, 0, "");
    if (frame.type == kPing) Send(kPing, kAck, 0, frame.payload);
  }
  return frame;
}

std::optional<RawHttp2::Frame> RawHttp2::NextOf(Type type) {
  auto frame = Next();
  while (frame && frame->type != type) frame = Next();
  return frame;
}

uint32_t NumberAt(absl::string_view bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = at; i < at + 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::map<int, uint32_t> ReadSettings(const RawHttp2::Frame& frame) {
  std::map<int, uint32_t> settings;
  for (size_t at = 0; at + 6 <= frame.payload.size(); at += 6) {
    const int id =
        static_cast<unsigned char>(frame.payload[at]) << 8 | static_cast<unsigned char>(frame.payload[at + 1]);
    settings[id] = NumberAt(frame.payload, at + 2);
  }
  return settings;
}

}  // namespace sluice::integration
