#ifndef SLUICE_SERVER_UPSTREAM_CURL_CALL_H_
#define SLUICE_SERVER_UPSTREAM_CURL_CALL_H_

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "server/loop/loop.h"
#include "server/upstream/client.h"
#include "server/upstream/pool.h"
#include "server/upstream/reply_head_reader.h"

namespace sluice::upstream {

class CurlCall;
class CurlClient;
class Shard;
class ShardSet;

// The owner's end of a call. It outlives the call when the reply has ended, and the call outlives it when it was
// destroyed inside one of curl's callbacks, or retired.
class CurlTransfer final : public Transfer {
 public:
  explicit CurlTransfer(CurlCall* call) : call_(call) {}
  ~CurlTransfer() override;

  void Pause() override;
  void Resume() override;
  bool paused() const override;
  uint64_t bytes_in() const override;
  uint64_t bytes_out() const override;

 private:
  friend class CurlCall;
  friend class CurlClient;

  CurlCall* call_;  // null once the call has ended
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
};

// One HTTP exchange on curl: the stages and their one timer, and what curl calls back.
//
//   waits for a slot -> Begin: in a shard, stages kConnect .. kBody -> End: out of the shard, OnEnd, gone
//
// A pooled connection that dies before a byte of the reply has come is replaced unnoticed: Rerun, once, on a fresh one.
// Abandon (the owner cancelled) and Retire (it has all it wants) may come at any point. On HTTP/2, where pausing curl
// miscounts the window, a paused call keeps the bytes itself, up to kMaxHeld.
class CurlCall {
 public:
  static constexpr size_t kMaxHeld = 1 << 20;
  // What one transfer may bring in one turn of the loop; the rest waits for the next. An upstream that sends without a
  // pause would keep curl reading, and everybody else waiting. HTTP/1.1 only, as pausing is.
  static constexpr size_t kMostPerTurn = size_t{16} << 10;

  CurlCall(CurlClient& client, std::shared_ptr<const Destination> destination, Request request, Receiver* receiver);
  ~CurlCall();
  CurlCall(const CurlCall&) = delete;
  CurlCall& operator=(const CurlCall&) = delete;

  std::unique_ptr<CurlTransfer> Start(std::list<CurlCall>::iterator self);
  void Abandon();
  void Retire();
  void Pause();
  void Resume();

  // The shard's side.
  CURL* easy() const { return easy_; }
  static CurlCall* Of(CURL* easy);
  static void SetCallbacks(CURL* easy);
  void OnDone(CURLcode code);
  bool done() const { return done_; }  // curl has finished with it
  bool sending() const { return stage_ == Stage::kSend; }
  void CloseNow();  // leaves shard and pool, and destroys the call

 private:
  friend class CurlTransfer;
  struct Held {
    std::string bytes;
    std::unique_ptr<Result> end;  // the reply ended while its bytes were held
  };

  void Begin();
  void Run();
  bool Stale(CURLcode code, const Result& result) const;
  void Rerun();
  bool BuildHeaders();
  void SetRequest();
  void EnterStage(Stage stage);
  absl::Duration TimeoutOf(Stage stage) const;
  void OnTimer();
  void Leave();
  void End(Result result);
  void NoteSent();
  void ForgetRequest();
  void ResumeNow();
  void DeliverHeld();
  bool Hold(absl::string_view bytes);
  bool holds() const;
  void Fail(Outcome outcome, std::string detail);
  void TakeTurns(size_t bytes);

  static size_t OnHeaderLine(char* data, size_t size, size_t count, void* call);
  static size_t OnBytes(char* data, size_t size, size_t count, void* call);
  static int OnProgress(void* call, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  static int OnConnected(void* call, char*, char*, int, int);
  static CURLcode OnTlsStart(CURL*, void* ssl_ctx, void* call);
  static curl_socket_t OnOpenSocket(void* call, curlsocktype, curl_sockaddr* address);

  CurlClient& client_;
  const std::shared_ptr<const Destination> destination_;
  Request request_;
  Receiver* receiver_;                // null: abandoned or retired
  CurlTransfer* transfer_ = nullptr;  // null likewise
  std::list<CurlCall>::iterator self_;
  loop::Permit slot_;
  loop::Timer timer_;
  ShardSet* set_ = nullptr;
  Shard* shard_ = nullptr;
  CURL* easy_ = nullptr;

  Stage stage_ = Stage::kPool;
  bool abandoned_ = false;  // curl is to stop at its next callback
  bool retired_ = false;
  bool done_ = false;
  bool sent_ = false;
  bool rerun_ = false;
  bool paused_ = false;
  bool resuming_ = false;  // Resume was called; the timer carries it out in the next turn
  bool forbid_reuse_ = true;
  MonoTime turn_{};  // the loop's turn in which bytes came last
  size_t bytes_in_turn_ = 0;
  uint64_t bytes_in_ = 0;
  uint64_t bytes_out_ = 0;
  size_t body_size_ = 0;  // the request's

  std::string header_text_;  // the request's header lines, each ended by NUL, which the nodes below point into
  std::vector<curl_slist> header_nodes_;
  std::unique_ptr<ReplyHeadReader> head_;
  std::unique_ptr<Held> held_;
  std::unique_ptr<Result> failure_;  // found by ourselves; overrides what curl makes of it
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_CURL_CALL_H_
