// What curl calls back while it works on a call. All of it runs inside Shard::Dispatch.

#include <openssl/ssl.h>

#include <utility>

#include "server/upstream/curl_call.h"
#include "server/upstream/curl_client.h"
#include "server/upstream/shard.h"
#include "server/upstream/trust.h"

namespace sluice::upstream {
namespace {

constexpr size_t kStop = 0;  // from a header or body callback: fewer bytes than given end the transfer

}  // namespace

CurlCall* CurlCall::Of(CURL* easy) {
  CurlCall* call = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
  return call;
}

void CurlCall::SetCallbacks(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &CurlCall::OnHeaderLine);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &CurlCall::OnBytes);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &CurlCall::OnProgress);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &CurlCall::OnConnected);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &CurlCall::OnTlsStart);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlCall::OnOpenSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Shard::CloseSocket);
}

curl_socket_t CurlCall::OnOpenSocket(void* call, curlsocktype, curl_sockaddr* address) {
  auto* self = static_cast<CurlCall*>(call);
  // Past kConnect when a pooled connection turned out to be dead, and curl opens another.
  if (self->stage_ != Stage::kConnect) self->EnterStage(Stage::kConnect);
  return self->shard_->OpenSocket(*address, self);
}

CURLcode CurlCall::OnTlsStart(CURL*, void* ssl_ctx, void* call) {
  auto* self = static_cast<CurlCall*>(call);
  self->EnterStage(Stage::kTls);
  self->shard_->SettleSockets(self);
  const absl::StatusOr<TrustStore> trust = LoadTrust(self->destination_->tls);
  if (!trust.ok()) {
    self->Fail(Outcome::kUnreachable, std::string(trust.status().message()));
    return CURLE_SSL_CACERT_BADFILE;
  }
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ssl_ctx), trust->get());
  return CURLE_OK;
}

int CurlCall::OnConnected(void* call, char*, char*, int, int) {
  auto* self = static_cast<CurlCall*>(call);
  if (self->abandoned_) return CURL_PREREQFUNC_ABORT;
  self->EnterStage(Stage::kSend);
  self->shard_->SettleSockets(self);
  return CURL_PREREQFUNC_OK;
}

// Runs after every step of the transfer, and once more right before curl decides whether to keep the connection.
int CurlCall::OnProgress(void* call, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto* self = static_cast<CurlCall*>(call);
  if (self->shard_ == nullptr) return 0;
  if (self->abandoned_) return 1;
  if (self->stage_ == Stage::kSend) {
    self->NoteSent();
  } else if (self->stage_ == Stage::kBody) {
    const bool forbid = !self->shard_->MayKeep(self);
    if (forbid != self->forbid_reuse_) curl_easy_setopt(self->easy_, CURLOPT_FORBID_REUSE, forbid ? 1L : 0L);
    self->forbid_reuse_ = forbid;
  }
  return self->abandoned_ ? 1 : 0;
}

void CurlCall::NoteSent() {
  curl_off_t body_sent = 0;
  long head_sent = 0;
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &body_sent);
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &head_sent);
  bytes_out_ = static_cast<uint64_t>(body_sent);
  if (head_sent == 0 || bytes_out_ < body_size_) return;
  EnterStage(Stage::kFirstByte);
  // A request that is sent anew on a fresh connection is no news to the receiver.
  if (!std::exchange(sent_, true) && receiver_ != nullptr) receiver_->OnSent();
}

// The reply has begun, so curl will not send the request again: a long prompt need not stay for a long answer.
void CurlCall::ForgetRequest() {
  request_ = Request();
  header_text_ = std::string();
  header_nodes_ = std::vector<curl_slist>();
}

size_t CurlCall::OnHeaderLine(char* data, size_t size, size_t count, void* call) {
  auto* self = static_cast<CurlCall*>(call);
  const size_t bytes = size * count;
  if (self->abandoned_) return kStop;
  if (self->head_ == nullptr) return bytes;  // a trailer
  switch (self->head_->Add(absl::string_view(data, bytes))) {
    case ReplyHeadReader::Got::kMore:
      break;
    case ReplyHeadReader::Got::kFirst:
      if (self->stage_ == Stage::kSend) self->NoteSent();
      if (self->abandoned_) return kStop;
      if (self->stage_ == Stage::kFirstByte) self->ForgetRequest();
      self->EnterStage(Stage::kBody);
      break;
    case ReplyHeadReader::Got::kTooLarge:
      self->Fail(Outcome::kBroken, "the reply's headers are larger than 64 KiB");
      return kStop;
    case ReplyHeadReader::Got::kComplete: {
      const std::unique_ptr<ReplyHeadReader> head = std::move(self->head_);
      if (self->receiver_ != nullptr) self->receiver_->OnHead(head->head());
      if (self->abandoned_) return kStop;
      break;
    }
  }
  return bytes;
}

size_t CurlCall::OnBytes(char* data, size_t size, size_t count, void* call) {
  auto* self = static_cast<CurlCall*>(call);
  const size_t bytes = size * count;
  if (self->abandoned_) return kStop;
  if (self->receiver_ == nullptr) return bytes;  // retired
  if (self->paused_ && !self->destination_->http2) {
    self->timer_.Cancel();
    return CURL_WRITEFUNC_PAUSE;  // curl keeps them, and reads no more
  }
  self->bytes_in_ += bytes;
  if (self->holds()) {
    if (self->Hold(absl::string_view(data, bytes))) return bytes;
    self->Fail(Outcome::kBroken, "more than 1 MiB came while the HTTP/2 transfer was paused");
    return kStop;
  }
  self->timer_.ArmAfter(self->destination_->timeouts.idle);
  self->receiver_->OnBody(absl::string_view(data, bytes));
  if (self->abandoned_) return kStop;
  self->TakeTurns(bytes);
  return bytes;
}

void CurlCall::TakeTurns(size_t bytes) {
  const MonoTime now = client_.loop_.Now();
  bytes_in_turn_ = turn_ == now ? bytes_in_turn_ + bytes : bytes;
  turn_ = now;
  if (bytes_in_turn_ < kMostPerTurn || destination_->http2 || paused_ || resuming_ || retired_) return;
  curl_easy_pause(easy_, CURLPAUSE_RECV);
  resuming_ = true;
  timer_.ArmAfter(absl::ZeroDuration());
}

}  // namespace sluice::upstream
