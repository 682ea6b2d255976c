#include "server/exchange/attempt.h"

#include <algorithm>
#include <utility>

#include "server/base/utf8.h"
#include "server/exchange/failures.h"

namespace sluice::exchange {
namespace {

// Enough of an error page to classify it; an upstream cannot make us hold more.
constexpr size_t kMaxFailureBody = size_t{64} << 10;
// A header is any bytes the upstream likes; this one goes into messages, which have to be UTF-8.
constexpr size_t kMaxProviderId = 128;

bool IsSuccess(int status) { return status >= 200 && status < 300; }

}  // namespace

Attempt::Attempt(const EngineContext& context, const Plan& plan, const Backend& backend, chat::EventSink* sink)
    : context_(context), plan_(plan), backend_(backend), sink_(sink), first_output_timer_(context.loop, [this] {
        Fail(TimerFired("first_output", backend_.first_output));
      }) {}

Attempt::~Attempt() = default;

void Attempt::Start(dialect::HttpRequest request) {
  transfer_ = context_.client.Start(
      backend_.destination,
      {std::move(request.method), std::move(request.url), std::move(request.headers), std::move(request.body)}, this);
}

void Attempt::Close(bool keep_connection) {
  first_output_timer_.Cancel();
  if (transfer_ == nullptr) return;
  if (keep_connection) {
    context_.client.Retire(std::move(transfer_));
  } else {
    transfer_.reset();
  }
}

// The decoder gets the chance to hand over the usage it has seen.
void Attempt::Fail(const chat::Error& error) {
  if (reader_ != nullptr) return reader_->Fail(error, *sink_);
  sink_->OnDone(&error);
}

void Attempt::OutputBegan() {
  had_output_ = true;
  first_output_timer_.Cancel();
}

void Attempt::OnSent() { first_output_timer_.ArmAfter(backend_.first_output); }

void Attempt::OnHead(const upstream::ReplyHead& head) {
  absl::string_view id = head.Header("x-request-id");
  if (id.empty()) id = head.Header("request-id");
  provider_request_id_ = RepairUtf8(id.substr(0, kMaxProviderId));
  if (!IsSuccess(head.status)) {
    first_output_timer_.Cancel();  // the answer is here, and it is no
    failure_head_ = head;
    return;
  }
  // Asked for identity alone; a decompressor would hold deltas back until a block is full (RFC 9110 12.5.3).
  if (const absl::string_view coding = head.Header("content-encoding"); !coding.empty() && coding != "identity") {
    const chat::Error error = Compressed(coding);
    return sink_->OnDone(&error);
  }
  reader_ = std::make_unique<dialect::ReplyReader>(backend_.codec->NewDecoder(backend_.target, plan_.limits.decode),
                                                   head.Header("content-type"), plan_.limits.decode);
}

void Attempt::OnBody(absl::string_view bytes) {
  if (reader_ != nullptr) return reader_->Feed(bytes, *sink_);
  failure_body_.append(bytes.data(), std::min(bytes.size(), kMaxFailureBody - failure_body_.size()));
  if (failure_body_.size() == kMaxFailureBody) EndWithStatusReply();
}

void Attempt::OnEnd(const upstream::Result& result) {
  if (reader_ != nullptr && result.outcome == upstream::Outcome::kComplete) return reader_->Eof(*sink_);
  // A status that says no is the answer, even when its page was cut off.
  if (refused()) return EndWithStatusReply();
  Fail(TransportFailure(result, had_output_));
}

void Attempt::EndWithStatusReply() {
  const int status = failure_head_.status;
  const chat::Error error = status >= 300 && status < 400
                                ? Redirected(status, failure_head_.Header("location"))
                                : backend_.codec->DecodeFailure(
                                      {status, failure_head_.headers, failure_body_, context_.loop.clock().WallNow()});
  sink_->OnDone(&error);
}

void Attempt::Pause() {
  if (transfer_ != nullptr) transfer_->Pause();
}

void Attempt::Resume() {
  if (paused()) transfer_->Resume();
}

}  // namespace sluice::exchange
