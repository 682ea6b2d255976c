#include "server/upstream/curl_call.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/upstream/curl_client.h"
#include "server/upstream/curl_result.h"
#include "server/upstream/shard.h"
#include "server/upstream/shard_set.h"

namespace sluice::upstream {
namespace {

constexpr absl::Duration kLinger = absl::Seconds(1);  // for a retired reply to end

// Our own timers bound every stage, so curl need not. Left alone it gives a connect 300 s; a time of our choosing it
// keeps, for as long as the stream lasts, in a search tree of all transfers' times, which each read then rearranges: a
// tenth of the cost of a delta. So it gets a time only where those 300 s could be too short.
constexpr absl::Duration kCurlConnect = absl::Seconds(300);

long ConnectTimeoutMs(const Timeouts& timeouts) {
  const absl::Duration ours = timeouts.connect + timeouts.tls;
  return ours < kCurlConnect ? 0 : static_cast<long>(absl::ToInt64Milliseconds(2 * ours));
}

bool HasLineBreak(absl::string_view text) { return text.find_first_of(absl::string_view("\r\n\0", 3)) != text.npos; }

}  // namespace

CurlCall::CurlCall(CurlClient& client, std::shared_ptr<const Destination> destination, Request request,
                   Receiver* receiver)
    : client_(client),
      destination_(std::move(destination)),
      request_(std::move(request)),
      receiver_(receiver),
      slot_(destination_->pool->slots(), client.loop_, [this] { Begin(); }),
      timer_(client.loop_, [this] { OnTimer(); }),
      body_size_(request_.body.size()) {}

CurlCall::~CurlCall() = default;

std::unique_ptr<CurlTransfer> CurlCall::Start(std::list<CurlCall>::iterator self) {
  self_ = self;
  auto transfer = std::make_unique<CurlTransfer>(this);
  transfer_ = transfer.get();
  if (!BuildHeaders()) {
    Fail(Outcome::kBroken, "a request header holds a line break or NUL");
    timer_.ArmAfter(absl::ZeroDuration());
  } else if (slot_.Take() == loop::TakeOutcome::kHeld) {
    Begin();
  } else {
    EnterStage(Stage::kPool);
  }
  return transfer;
}

void CurlCall::Begin() {
  set_ = &client_.SetFor(*destination_);
  shard_ = &set_->Pick();
  easy_ = set_->TakeEasy();
  head_ = std::make_unique<ReplyHeadReader>();
  Run();
}

void CurlCall::Run() {
  EnterStage(Stage::kConnect);
  SetRequest();
  shard_->Add(this);
}

// A pooled connection may have been closed by the upstream a moment before, or die while it is used: nothing says that
// the upstream is unwell. curl sees to that itself where reading finds the connection dead, but not where sending does
// (a request of more than 64 KiB) or where HTTP/2 ends it by GOAWAY; and it tries five more pooled ones at most.
bool CurlCall::Stale(CURLcode code, const Result& result) const {
  if (rerun_ || !result.reused || head_ == nullptr || !head_->empty()) return false;
  return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_HTTP2;
}

void CurlCall::Rerun() {
  shard_->Remove(this);
  rerun_ = true;
  done_ = false;
  bytes_out_ = 0;
  error_text_ = {};
  Run();
}

bool CurlCall::BuildHeaders() {
  // curl's own additions to a POST are switched off by naming them without a value.
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    if (HasLineBreak(name) || HasLineBreak(value)) return false;
    has_type = has_type || absl::EqualsIgnoreCase(name, "content-type");
    absl::StrAppend(&header_text_, name, value.empty() ? ";" : ": ", value, absl::string_view("\0", 1));
  }
  absl::StrAppend(&header_text_, "Expect:", absl::string_view("\0", 1));
  if (!has_type) absl::StrAppend(&header_text_, "Content-Type:", absl::string_view("\0", 1));
  header_nodes_.reserve(request_.headers.size() + 2);
  for (size_t at = 0; at < header_text_.size(); at = header_text_.find('\0', at) + 1) {
    header_nodes_.push_back(curl_slist{&header_text_[at], nullptr});
    if (header_nodes_.size() > 1) (header_nodes_.end() - 2)->next = &header_nodes_.back();
  }
  return true;
}

void CurlCall::SetRequest() {
  curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_nodes_.data());
  const bool post = request_.method == "POST" || !request_.body.empty();
  if (post) {
    // Not copied. Up to 64 KiB leave in one piece with the header; a pooled connection that turns out to be dead is
    // replaced by curl, which then sends them again.
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_size_));
  } else {
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  const bool plain = request_.method == (post ? "POST" : "GET");
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, plain ? nullptr : request_.method.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, ConnectTimeoutMs(destination_->timeouts));
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN,
                   static_cast<long>(absl::ToInt64Seconds(destination_->pool->limits().idle_expiry)));
  // Until a reply has begun: curl would keep a connection on which it failed to send.
  curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, rerun_ ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, shard_);
  for (const CURLoption option : {CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_XFERINFODATA,
                                  CURLOPT_PREREQDATA, CURLOPT_SSL_CTX_DATA, CURLOPT_OPENSOCKETDATA}) {
    curl_easy_setopt(easy_, option, this);
  }
}

void CurlCall::EnterStage(Stage stage) {
  stage_ = stage;
  // From the clock, not the loop's time: Start may run long after the turn began.
  timer_.ArmAt(After(client_.loop_.clock().Now(), TimeoutOf(stage)));
}

absl::Duration CurlCall::TimeoutOf(Stage stage) const {
  const Timeouts& timeouts = destination_->timeouts;
  switch (stage) {
    case Stage::kPool:
      return timeouts.pool;
    case Stage::kConnect:
      return timeouts.connect;
    case Stage::kTls:
      return timeouts.tls;
    case Stage::kSend:
      return timeouts.send;
    case Stage::kFirstByte:
      return timeouts.first_byte;
    case Stage::kBody:
      return timeouts.idle;
  }
  return absl::InfiniteDuration();
}

void CurlCall::OnTimer() {
  if (failure_ != nullptr) return End(*failure_);
  if (resuming_) return ResumeNow();
  if (held_ != nullptr && held_->end != nullptr) return End(*held_->end);
  if (retired_) return CloseNow();
  Result result;
  result.outcome = Outcome::kTimeout;
  result.stage = stage_;
  result.detail =
      absl::StrCat("timeout: ", StageName(stage_), " took longer than ", absl::FormatDuration(TimeoutOf(stage_)));
  End(std::move(result));
}

void CurlCall::Abandon() {
  receiver_ = nullptr;
  if (transfer_ != nullptr) transfer_->call_ = nullptr;
  transfer_ = nullptr;
  if (shard_ == nullptr || !shard_->dispatching()) return CloseNow();
  if (std::exchange(abandoned_, true)) return;
  shard_->CloseAfterDispatch(this);
}

void CurlCall::Retire() {
  const bool ended = held_ != nullptr && held_->end != nullptr;
  if (shard_ == nullptr || stage_ != Stage::kBody || ended || !destination_->pool->RoomForIdle()) return Abandon();
  receiver_ = nullptr;
  transfer_->call_ = nullptr;
  transfer_ = nullptr;
  retired_ = true;
  held_ = nullptr;
  resuming_ = resuming_ || paused_;
  paused_ = false;
  timer_.ArmAfter(resuming_ ? absl::ZeroDuration() : kLinger);
}

void CurlCall::CloseNow() {
  receiver_ = nullptr;
  if (transfer_ != nullptr) transfer_->call_ = nullptr;
  Leave();
  client_.Erase(self_);
}

void CurlCall::OnDone(CURLcode code) {
  done_ = true;
  if (retired_) return CloseNow();
  if (failure_ != nullptr) return End(*failure_);
  Result result = ResultOf(easy_, code, stage_, error_text_.data());
  if (Stale(code, result)) return Rerun();
  if (!holds()) return End(std::move(result));
  if (held_ == nullptr) held_ = std::make_unique<Held>();
  held_->end = std::make_unique<Result>(std::move(result));
}

void CurlCall::Leave() {
  timer_.Cancel();
  // Cleared first: removing a running transfer makes curl report its progress once more.
  if (Shard* shard = std::exchange(shard_, nullptr); shard != nullptr) {
    shard->Remove(this);
    curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, nullptr);
    set_->ReturnEasy(std::exchange(easy_, nullptr));
  }
  slot_.Release();
}

void CurlCall::End(Result result) {
  Receiver* receiver = std::exchange(receiver_, nullptr);
  if (transfer_ != nullptr) {
    transfer_->bytes_in_ = bytes_in_;
    transfer_->bytes_out_ = bytes_out_;
    transfer_->call_ = nullptr;
  }
  Leave();
  client_.Erase(self_);  // this call is gone
  if (receiver != nullptr) receiver->OnEnd(result);
}

void CurlCall::Fail(Outcome outcome, std::string detail) {
  failure_ = std::make_unique<Result>();
  failure_->outcome = outcome;
  failure_->stage = stage_;
  failure_->detail = std::move(detail);
}

void CurlCall::Pause() {
  if (paused_) return;
  paused_ = true;
  resuming_ = false;
  if (stage_ != Stage::kBody) return;
  timer_.Cancel();
  if (!destination_->http2) curl_easy_pause(easy_, CURLPAUSE_RECV);
}

void CurlCall::Resume() {
  if (!paused_) return;
  paused_ = false;
  if (stage_ != Stage::kBody) return;
  // Carried out by the timer in the next turn: curl hands held bytes over from inside curl_easy_pause, and our caller
  // does not expect OnBody from inside Resume.
  resuming_ = true;
  timer_.ArmAfter(absl::ZeroDuration());
}

void CurlCall::ResumeNow() {
  resuming_ = false;
  timer_.ArmAfter(retired_ ? kLinger : destination_->timeouts.idle);
  // The last statement: the receiver may end this call in it.
  shard_->Dispatch([this] {
    if (held_ != nullptr) {
      DeliverHeld();
    } else {
      curl_easy_pause(easy_, CURLPAUSE_CONT);
    }
  });
}

// True while bytes (or the end) must not reach the receiver but may not be refused either.
bool CurlCall::holds() const { return destination_->http2 && !retired_ && (paused_ || resuming_); }

bool CurlCall::Hold(absl::string_view bytes) {
  if (held_ == nullptr) held_ = std::make_unique<Held>();
  if (held_->bytes.size() + bytes.size() > kMaxHeld) return false;
  held_->bytes.append(bytes.data(), bytes.size());
  return true;
}

void CurlCall::DeliverHeld() {
  const std::string bytes = std::exchange(held_->bytes, "");
  if (!bytes.empty()) receiver_->OnBody(bytes);
  if (abandoned_ || retired_ || paused_) return;
  if (held_->end != nullptr) timer_.ArmAfter(absl::ZeroDuration());
}

}  // namespace sluice::upstream
