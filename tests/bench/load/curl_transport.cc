#include "tests/bench/load/curl_transport.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/clock.h"
#include "tests/bench/load/delta_scanner.h"
#include "tests/bench/load/request_json.h"

namespace sluice::bench {
namespace {

constexpr int kTransfersPerShard = 32;
constexpr int kMostShards = 64;
constexpr int64_t kNever = -1;

}  // namespace

// What a slot's calls have in common, and its call of now.
class CurlTransport::Transfer {
 public:
  Transfer(Run* run, Shard* shard)
      : run_(run), shard_(shard), scanner_(static_cast<size_t>(run->plan().text_bytes)), easy_(curl_easy_init()) {
    const Plan& plan = run->plan();
    const bool tls = !plan.ca.empty();
    const std::string url = absl::StrCat(tls ? "https" : "http", "://127.0.0.1:", plan.port, "/v1/chat/completions");
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    if (tls) curl_easy_setopt(easy_, CURLOPT_CAINFO, plan.ca.c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, Headers());
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 2048L);
    curl_easy_setopt(easy_, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  }
  ~Transfer() { curl_easy_cleanup(easy_); }

  void Start(Call* call) {
    call_ = call;
    scanner_ = DeltaScanner(static_cast<size_t>(run_->plan().text_bytes));
    curl_easy_setopt(easy_, CURLOPT_COPYPOSTFIELDS, ChatRequestJson(call->count).c_str());
  }
  void End(CURLcode result) {
    if (result != CURLE_OK) {
      run_->TakeEnd(*call_, curl_easy_strerror(result));
    } else {
      run_->TakeEnd(*call_, scanner_.done() ? "" : "a reply ended without [DONE]");
    }
  }
  Shard& shard() const { return *shard_; }
  CURL* easy() const { return easy_; }

 private:
  static curl_slist* Headers() {
    static curl_slist* const headers = curl_slist_append(nullptr, "content-type: application/json");
    return headers;
  }

  static size_t OnBody(char* data, size_t, size_t size, void* transfer) {
    auto* const self = static_cast<Transfer*>(transfer);
    const int64_t now = NowNs();
    self->scanner_.Feed(absl::string_view(data, size),
                        [&](absl::string_view text) { self->run_->TakeDelta(*self->call_, text, now); });
    return size;
  }

  Run* const run_;
  Shard* const shard_;
  DeltaScanner scanner_;
  CURL* const easy_;
  Call* call_ = nullptr;
};

// One multi handle with its sockets.
class CurlTransport::Shard {
 public:
  explicit Shard(Poller* poller) : poller_(poller), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Shard::OnSocket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Shard::OnTimer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 100'000L);
  }
  ~Shard() { curl_multi_cleanup(multi_); }

  void Add(CURL* easy) { curl_multi_add_handle(multi_, easy); }
  void Remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

  void Act(curl_socket_t fd, int mask) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, mask, &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const CURLcode result = message->data.result;
      Remove(transfer->easy());
      transfer->End(result);
    }
  }

  // What curl asked to be called for by now: to begin new transfers, mostly. It waits for nothing else here.
  void RunTimer(int64_t now) {
    while (due_ != kNever && due_ <= now) {
      due_ = kNever;
      Act(CURL_SOCKET_TIMEOUT, 0);
    }
    gone_.clear();
  }

 private:
  struct Socket final : Waiter {
    Socket(Shard* s, curl_socket_t f) : shard(s), fd(f) {}
    void Ready(uint32_t events) override {
      const int mask = ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 ? CURL_CSELECT_IN : 0) |
                       ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
      if (!gone) shard->Act(fd, mask);
    }
    Shard* const shard;
    const curl_socket_t fd;
    bool gone = false;
  };

  static int OnSocket(CURL*, curl_socket_t fd, int what, void* shard, void* known) {
    auto* const self = static_cast<Shard*>(shard);
    auto* socket = static_cast<Socket*>(known);
    if (what == CURL_POLL_REMOVE) {
      self->poller_->Forget(fd);
      socket->gone = true;
      self->gone_.emplace_back(socket);  // its event may have been fetched already
      curl_multi_assign(self->multi_, fd, nullptr);
      return 0;
    }
    const uint32_t events =
        ((what & CURL_POLL_IN) != 0 ? uint32_t{EPOLLIN} : 0) | ((what & CURL_POLL_OUT) != 0 ? uint32_t{EPOLLOUT} : 0);
    if (socket != nullptr) {
      self->poller_->Change(fd, events, socket);
      return 0;
    }
    socket = new Socket(self, fd);
    self->poller_->Watch(fd, events, socket);
    curl_multi_assign(self->multi_, fd, socket);
    return 0;
  }

  static int OnTimer(CURLM*, long wait_ms, void* shard) {
    static_cast<Shard*>(shard)->due_ = wait_ms < 0 ? kNever : NowNs() + wait_ms * 1'000'000;
    return 0;
  }

  Poller* const poller_;
  CURLM* const multi_;
  int64_t due_ = kNever;
  std::vector<std::unique_ptr<Socket>> gone_;
};

CurlTransport::CurlTransport(Run* run) : run_(run) {
  const int count = std::clamp(run->slots() / kTransfersPerShard, 1, kMostShards);
  for (int i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(&run->poller()));
  for (int i = 0; i < run->slots(); ++i) {
    transfers_.push_back(std::make_unique<Transfer>(run, shards_[static_cast<size_t>(i % count)].get()));
  }
}

CurlTransport::~CurlTransport() {
  for (const auto& transfer : transfers_) transfer->shard().Remove(transfer->easy());
}

void CurlTransport::Start(Call& call) {
  Transfer& transfer = *transfers_[static_cast<size_t>(call.slot)];
  transfer.Start(&call);
  transfer.shard().Add(transfer.easy());
}

void CurlTransport::Cancel(Call& call) {
  Transfer& transfer = *transfers_[static_cast<size_t>(call.slot)];
  transfer.shard().Remove(transfer.easy());
}

void CurlTransport::Flush() {
  const int64_t now = NowNs();
  for (const auto& shard : shards_) shard->RunTimer(now);
}

}  // namespace sluice::bench
