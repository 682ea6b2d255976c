#ifndef SLUICE_SERVER_UPSTREAM_SHARD_H_
#define SLUICE_SERVER_UPSTREAM_SHARD_H_

#include <curl/curl.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "server/loop/loop.h"
#include "server/upstream/pool.h"

namespace sluice::upstream {

class CurlCall;

// One CURLM in the loop: some of an upstream's transfers, and the connections they left open. For the loop's thread.
//
// curl allows no change to a CURLM from inside its callbacks, which is where receivers run. Whatever calls into curl
// so that it may call back goes through Dispatch; what receivers wanted meanwhile is done when it ends.
class Shard {
 public:
  Shard(loop::Loop& loop, std::shared_ptr<Pool> pool, bool http2);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void Add(CurlCall* call);     // runs from a later turn on
  void Remove(CurlCall* call);  // not while dispatching; closes its connection unless the transfer is complete
  void CloseAfterDispatch(CurlCall* call) { abandoned_.push_back(call); }

  void Dispatch(absl::FunctionRef<void()> step);
  bool dispatching() const { return depth_ > 0; }

  // Whether the connection of `call`, which may be about to end, may stay open. For curl's callbacks.
  bool MayKeep(CurlCall* call);

  int running() const { return running_; }
  int idle() const { return open_ - running_; }  // connections that nobody uses; below 0 while some are being opened
  MonoTime last_freed() const { return last_freed_; }
  // Nothing ran for the pool's idle_expiry (or ever), so there is no CURLM and no connection. The next Add makes one.
  bool closed() const { return multi_ == nullptr; }

  // For curl's callbacks about this shard's sockets.
  curl_socket_t OpenSocket(const curl_sockaddr& address, CurlCall* call);
  static int CloseSocket(void* shard, curl_socket_t fd);
  // `call` has got its connection, or gives up: of the sockets it opened, those that curl has closed count no more.
  // Needed because curl 7.88 closes a socket whose connect did not succeed without telling anyone.
  void SettleSockets(CurlCall* call);

 private:
  class SocketWatch;
  struct Connecting {
    curl_socket_t fd;
    ino_t inode;  // tells the socket from a later one of the same number
    CurlCall* call;
  };

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* shard, void* watch);
  static int OnTimeout(CURLM* multi, long timeout_ms, void* shard);
  void Act(curl_socket_t fd, int mask);
  void Settle();
  void LeaveStreams(CurlCall* call);
  void FlushResets();
  void CountClosed();
  void AddNow(CurlCall* call);
  void Open();
  void Close();

  loop::Loop& loop_;
  const std::shared_ptr<Pool> pool_;
  CURLM* multi_ = nullptr;
  loop::Timer curl_timer_;
  loop::Timer idle_timer_;
  const bool http2_;
  loop::Timer reset_timer_;         // HTTP/2 only, as are
  std::vector<CurlCall*> streams_;  // those running
  bool reset_on_close_ = false;
  int depth_ = 0;
  int running_ = 0;
  int open_ = 0;                        // sockets
  std::vector<Connecting> connecting_;  // of these, the ones not known to be connected
  MonoTime last_freed_ = MonoTime::min();
  std::vector<CurlCall*> abandoned_;  // given up inside a dispatch
  std::vector<CurlCall*> added_;      // started inside a dispatch
  std::vector<CurlCall*> ending_;     // may have ended inside a dispatch, but still hold their slots
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_SHARD_H_
