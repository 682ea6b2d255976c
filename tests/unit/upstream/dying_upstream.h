#ifndef SLUICE_TESTS_UNIT_UPSTREAM_DYING_UPSTREAM_H_
#define SLUICE_TESTS_UNIT_UPSTREAM_DYING_UPSTREAM_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/certificates.h"
#include "tests/fakes/event.h"
#include "tests/fakes/wire.h"

namespace sluice::upstream {

// An HTTP/1.1 server whose first connection answers one request and dies in the second; whose other connections answer
// every request. It serves one connection at a time.
class DyingUpstream {
 public:
  static constexpr size_t kWhole = static_cast<size_t>(-1);  // Death::after: the whole request

  enum class End {
    kFin,    // an orderly end; what the peer still sends is read, so that it sees no reset
    kReset,  // RST
  };
  struct Death {
    bool tls = false;
    End end = End::kReset;
    bool for_good = false;  // later connections are reset in their first request
    size_t after = 0;       // bytes of the second request that are read before it; 0: when Die is called
  };

  explicit DyingUpstream(Death death) : death_(death) {
    if (death_.tls) {
      const fakes::Certificate certificate = authority_.Issue();
      tls_ = std::shared_ptr<SSL_CTX>(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
      SSL_CTX_use_certificate(tls_.get(), certificate.x509.get());
      SSL_CTX_use_PrivateKey(tls_.get(), certificate.key.get());
    }
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    bind(listener_, generic, size);
    listen(listener_, 16);
    getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~DyingUpstream() {
    shutdown(listener_, SHUT_RDWR);
    {
      std::lock_guard lock(mutex_);
      if (wire_ != nullptr) wire_->Shutdown();
      stopped_ = true;
    }
    thread_.join();
    close(listener_);
  }
  DyingUpstream(const DyingUpstream&) = delete;
  DyingUpstream& operator=(const DyingUpstream&) = delete;

  std::string Url() const { return absl::StrCat(death_.tls ? "https" : "http", "://127.0.0.1:", port_, "/"); }
  std::string ca_pem() const { return authority_.Pem(); }
  int accepted() const { return accepted_; }
  void Die() {  // for a Death after 0, once the first reply has been read; the end is on its way when this returns
    die_.Set();
    EXPECT_TRUE(dead_.Wait());
  }
  const std::string& last_body() const { return last_body_; }  // of the last request answered

 private:
  void Run() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      fakes::Wire wire(fd);
      if (Enter(&wire)) Serve(wire);
      Enter(nullptr);
    }
  }

  bool Enter(fakes::Wire* wire) {
    std::lock_guard lock(mutex_);
    wire_ = wire;
    return !stopped_;
  }

  void Serve(fakes::Wire& wire) {
    if (tls_ != nullptr && !wire.StartTls(tls_.get())) return;
    if (++accepted_ == 1) {
      if (AnswerOne(wire)) DieOn(wire);
      return dead_.Set();
    }
    if (death_.for_good) {
      std::string read;
      wire.Read(&read);
      return wire.Reset();
    }
    while (AnswerOne(wire)) {
    }
  }

  void DieOn(fakes::Wire& wire) {
    std::string read;
    if (death_.after == 0) wire.WaitFor(&die_, -1);
    if (death_.after == kWhole) ReadRequest(wire, &read);
    while (death_.after != kWhole && read.size() < death_.after && wire.Read(&read)) {
    }
    if (death_.end == End::kReset) return wire.Reset();
    wire.Close();
    dead_.Set();
    while (wire.Read(&read)) {
    }
  }

  bool AnswerOne(fakes::Wire& wire) {
    return ReadRequest(wire, &last_body_) && wire.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }

  static bool ReadRequest(fakes::Wire& wire, std::string* body) {
    constexpr absl::string_view kLength = "Content-Length: ";
    std::string read;
    size_t end = 0;
    while ((end = read.find("\r\n\r\n")) == std::string::npos) {
      if (!wire.Read(&read)) return false;
    }
    const size_t field = read.find(std::string(kLength));
    const std::string digits = read.substr(field + kLength.size(), read.find('\r', field) - field - kLength.size());
    size_t length = 0;
    if (!absl::SimpleAtoi(digits, &length)) return false;
    while (read.size() < end + 4 + length) {
      if (!wire.Read(&read)) return false;
    }
    *body = read.substr(end + 4);
    return true;
  }

  const Death death_;
  const fakes::Authority authority_;
  std::shared_ptr<SSL_CTX> tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  fakes::Wire* wire_ = nullptr;  // guarded by mutex_
  bool stopped_ = false;         // likewise
  fakes::Event die_;
  fakes::Event dead_;
  std::string last_body_;  // ordered by the reply that follows it
  std::thread thread_;     // last: uses all the others
};

}  // namespace sluice::upstream

#endif  // SLUICE_TESTS_UNIT_UPSTREAM_DYING_UPSTREAM_H_
