#ifndef SLUICE_TESTS_BENCH_LOAD_UPSTREAM_H_
#define SLUICE_TESTS_BENCH_LOAD_UPSTREAM_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load/close_board.h"
#include "tests/bench/load/pace.h"
#include "tests/bench/load/poller.h"
#include "tests/bench/load/script.h"
#include "tests/bench/load/wire.h"

namespace sluice::bench {

// A model server for measuring: HTTP/1.1 or HTTPS on one thread. Any POST is answered with a stream of max_tokens
// deltas, endless when the request names none, the first burst at once; any GET with a list of models.
class Upstream {
 public:
  // `tls` and `board` may be null, and outlive this.
  Upstream(const Pace& pace, SSL_CTX* tls, CloseBoard* board);
  ~Upstream();

  int port() const;
  [[noreturn]] void Serve();

 private:
  class Connection;
  class Listener;

  // A stream whose next burst is due. Descriptors are used again; a serial is not.
  struct Due {
    int64_t at;
    int fd;
    uint64_t serial;
  };

  void Accept();
  void Close(Connection* connection);
  void SendDue();
  void SendFlatOut();
  void SendNext(Connection& connection, bool first);

  const Pace pace_;
  SSL_CTX* const tls_;
  CloseBoard* const board_;
  Script script_;
  const int64_t at_once_;  // deltas in one write
  Poller poller_;
  std::unique_ptr<Listener> listener_;
  uint64_t serials_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  // All streams have one interval, so appending keeps this in order of time as far as the program keeps pace.
  std::deque<Due> due_;
  std::vector<Due> flat_out_, flat_out_next_;  // bulk streams whose socket takes more; `at` means nothing
  std::string out_;
};

}  // namespace sluice::bench

#endif  // SLUICE_TESTS_BENCH_LOAD_UPSTREAM_H_
