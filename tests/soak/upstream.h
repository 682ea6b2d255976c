#ifndef SLUICE_TESTS_SOAK_UPSTREAM_H_
#define SLUICE_TESTS_SOAK_UPSTREAM_H_

#include <openssl/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/fakes/certificates.h"
#include "tests/soak/ledger.h"
#include "tests/soak/reply.h"
#include "tests/soak/wire.h"

namespace sluice::soak {

// An OpenAI-compatible upstream for thousands of streams on one thread, with a plaintext and a TLS port on 127.0.0.1.
// A request's prompt names its call as "soak-NUMBER."; the ledger knows what to answer. GET lists the model "m".
//
// It also watches how long it is kept waiting: a connection whose caller has been gone for kLateMs and that is still
// open is a breach.
class Upstream {
 public:
  static constexpr int64_t kLateMs = 2000;

  struct Counts {
    int64_t accepted = 0, requests = 0, stale = 0;  // stale: closed because a request came on a kGoStale connection
    int64_t open = 0;                               // connections now
    int64_t busy = 0;                               // of those, in the middle of an answer
  };

  explicit Upstream(Ledger* ledger);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  std::string Url(bool tls) const;  // as base_url wants it
  std::string ca_pem() const { return authority_.Pem(); }

  Counts counts() const;
  // How long after their callers' end the connections of unfinished answers were closed, in milliseconds.
  std::vector<int64_t> close_lags() const;

 private:
  enum class State { kIdle, kRunning, kWaiting, kStalled, kClosing };
  struct Connection {
    Connection(uint64_t the_serial, int fd, SSL_CTX* tls) : serial(the_serial), wire(fd, tls) {}
    const uint64_t serial;  // file descriptors are used again; a serial is not
    Wire wire;
    std::string in, out;
    State state = State::kIdle;
    std::optional<Reply> reply;
    bool stale = false;
    bool watches_output = false;
    bool late = false;
  };

  void Run();
  void Accept(bool tls);
  void Handle(Connection& connection);
  bool TakeRequest(Connection& connection);  // false: close it
  bool Pump(Connection& connection);         // likewise
  bool Fill(Connection& connection);
  void WatchOutput(Connection& connection);
  void Close(Connection& connection);
  void FireTimers();
  void LookForLate();

  Ledger* const ledger_;
  const fakes::Authority authority_;
  std::shared_ptr<SSL_CTX> tls_;
  int epoll_ = -1;
  int stop_ = -1;
  int listeners_[2] = {-1, -1};  // plain, TLS
  int ports_[2] = {0, 0};
  uint64_t last_serial_;
  std::map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::multimap<int64_t, uint64_t> due_;  // when (ms), whose next step
  int64_t next_look_ = 0;

  mutable std::mutex mutex_;
  Counts counts_;
  std::vector<int64_t> close_lags_;
  std::thread thread_;
};

}  // namespace sluice::soak

#endif  // SLUICE_TESTS_SOAK_UPSTREAM_H_
