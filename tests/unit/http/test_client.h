#ifndef SLUICE_TESTS_UNIT_HTTP_TEST_CLIENT_H_
#define SLUICE_TESTS_UNIT_HTTP_TEST_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace sluice::http {

// A blocking client that reads replies byte for byte as they come: a test sees each chunk on its own. With `tls` it
// speaks TLS; it believes any certificate unless `ca_pem` names the authority that must have signed one for 127.0.0.1.
class TestClient {
 public:
  explicit TestClient(int port, bool tls = false, int max_tls = TLS1_3_VERSION, const std::string& ca_pem = "") {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    if (connected_ && tls) StartTls(max_tls, ca_pem);
  }
  ~TestClient() { Close(); }
  TestClient(TestClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        connected_(other.connected_),
        context_(std::exchange(other.context_, nullptr)),
        ssl_(std::exchange(other.ssl_, nullptr)),
        buffer_(std::move(other.buffer_)) {}
  TestClient& operator=(TestClient&&) = delete;

  bool connected() const { return connected_; }

  void Close() {
    if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
    if (context_ != nullptr) SSL_CTX_free(std::exchange(context_, nullptr));
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

  // What of it could be sent.
  size_t Send(absl::string_view bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
      const auto rest = bytes.substr(sent);
      const ssize_t n = ssl_ != nullptr ? SSL_write(ssl_, rest.data(), static_cast<int>(rest.size()))
                                        : ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<size_t>(n);
    }
    return sent;
  }

  void Get(absl::string_view path) { Send("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n"); }

  // Up to and with `end`; what there was if the connection ended first.
  std::string ReadUntil(absl::string_view end) {
    size_t at = 0;
    while ((at = buffer_.find(end.data(), 0, end.size())) == std::string::npos) {
      if (!Fill()) return std::exchange(buffer_, "");
    }
    return TakeFront(at + end.size());
  }

  std::string ReadExactly(size_t n) {
    while (buffer_.size() < n && Fill()) {
    }
    return TakeFront(std::min(n, buffer_.size()));
  }

  std::string ReadToEnd() {
    while (Fill()) {
    }
    return std::exchange(buffer_, "");
  }

  // The connection ended, and nothing came before.
  bool AtEnd() { return buffer_.empty() && !Fill(); }

  // The next chunk's data: "" for the last chunk, "CUT" if the connection ended instead.
  std::string ReadChunk() {
    const std::string line = ReadUntil("\r\n");
    if (!absl::EndsWith(line, "\r\n")) return "CUT";
    const size_t size = std::strtoul(line.c_str(), nullptr, 16);
    std::string chunk = ReadExactly(size + 2);
    if (chunk.size() != size + 2) return "CUT";
    chunk.resize(size);
    return chunk;
  }

  struct Reply {
    int status = 0;
    std::string head;
    std::string body;  // by Content-Length
  };

  Reply ReadReply() {
    Reply reply;
    reply.head = ReadUntil("\r\n\r\n");
    if (reply.head.size() > 12) reply.status = std::atoi(reply.head.c_str() + 9);
    const size_t at = reply.head.find("Content-Length: ");
    if (at != std::string::npos) reply.body = ReadExactly(std::strtoul(reply.head.c_str() + at + 16, nullptr, 10));
    return reply;
  }

 private:
  void StartTls(int max_tls, const std::string& ca_pem) {
    context_ = SSL_CTX_new(TLS_client_method());
    if (max_tls < TLS1_2_VERSION) SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, max_tls);
    if (!ca_pem.empty()) Trust(ca_pem);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    connected_ = SSL_connect(ssl_) == 1;
  }

  void Trust(const std::string& ca_pem) {
    BIO* in = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
    X509* ca = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), ca);
    X509_free(ca);
    BIO_free(in);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(context_), "127.0.0.1");
  }

  bool Fill() {
    char bytes[16384];
    const ssize_t n = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof(bytes)) : recv(fd_, bytes, sizeof(bytes), 0);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  std::string TakeFront(size_t n) {
    std::string front = buffer_.substr(0, n);
    buffer_.erase(0, n);
    return front;
  }

  int fd_ = -1;
  bool connected_ = false;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  std::string buffer_;
};

}  // namespace sluice::http

#endif  // SLUICE_TESTS_UNIT_HTTP_TEST_CLIENT_H_
