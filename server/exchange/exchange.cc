#include "server/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/chat/validate.h"
#include "server/exchange/failures.h"

namespace sluice::exchange {
namespace {

// Enough of an error page to classify it; an upstream cannot make us hold more.
constexpr size_t kMaxFailureBody = size_t{64} << 10;
// A header is any bytes the upstream likes; this one goes into messages, which have to be UTF-8.
constexpr size_t kMaxProviderId = 128;

// Some providers put a sentence where a code belongs, and a sentence can echo the prompt or the key.
bool IsName(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-.:/", c);
  });
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

void PutUnder(const std::string& parent, std::string* field) {
  if (parent.empty()) return;
  *field = field->empty() ? parent : absl::StrCat(parent, ".", *field);
}

}  // namespace

Exchange::Exchange(const EngineContext& context, CallFacts facts, Ledger* ledger, Consumer* consumer)
    : context_(context),
      plan_(context.plan),
      facts_(std::move(facts)),
      ledger_(ledger),
      consumer_(consumer),
      first_output_timer_(context.loop,
                          [this] { FailFromOutside(TimerFired("first_output", backend_->first_output)); }),
      deadline_timer_(context.loop, [this] {
        FailFromOutside(total_is_nearer_ ? TimerFired("total", backend_->total) : DeadlinePassed());
      }) {}

Exchange::~Exchange() = default;

void Exchange::Start(chat::Request request, std::vector<chat::FieldViolation> violations) {
  if (request.model.empty()) request.model = plan_->default_model;
  for (auto& violation : chat::Validate(request)) violations.push_back(std::move(violation));
  if (!violations.empty()) {
    for (auto& violation : violations) PutUnder(facts_.request_field, &violation.field);
    const chat::Error error = BadRequest(std::move(violations));
    return End(&error);
  }
  if (!Route(&request)) {
    const chat::Error error = NoRoute(request.model);
    return End(&error);
  }
  wants_usage_ = request.include_usage;
  const MonoTime now = context_.loop.clock().Now();
  const MonoTime total = After(now, backend_->total);
  total_is_nearer_ = !facts_.deadline || total < *facts_.deadline;
  deadline_timer_.ArmAt(total_is_nearer_ ? total : *facts_.deadline);
  StartAttempt(request);
}

bool Exchange::Route(chat::Request* request) {
  const auto match = plan_->router.Find(request->model);
  if (!match) return false;
  backend_ = plan_->backends[match->rule->upstream];
  ledger_->Routed(*match, request->model);
  if (!match->rule->model.empty()) request->model = match->rule->model;
  model_ = request->model;
  return true;
}

void Exchange::StartAttempt(const chat::Request& request) {
  state_ = State::kWaiting;
  dialect::HttpRequest http = backend_->codec->EncodeChat(request, backend_->target);
  http.headers.emplace_back("X-Request-Id", ledger_->request_id());
  if (!facts_.traceparent.empty()) http.headers.emplace_back("traceparent", facts_.traceparent);
  ledger_->AttemptStarted();
  transfer_ = context_.client.Start(
      backend_->destination,
      {std::move(http.method), std::move(http.url), std::move(http.headers), std::move(http.body)}, this);
}

void Exchange::OnSent() { first_output_timer_.ArmAfter(backend_->first_output); }

void Exchange::OnHead(const upstream::ReplyHead& head) {
  absl::string_view id = head.Header("x-request-id");
  if (id.empty()) id = head.Header("request-id");
  provider_request_id_ = RepairUtf8(id.substr(0, kMaxProviderId));
  ledger_->set_provider_request_id(provider_request_id_);
  if (!IsSuccess(head.status)) {
    first_output_timer_.Cancel();  // the answer is here, and it is no
    failure_head_ = head;
    return;
  }
  state_ = State::kStreaming;
  reader_ = std::make_unique<dialect::ReplyReader>(backend_->codec->NewDecoder(plan_->limits.decode),
                                                   head.Header("content-type"), plan_->limits.decode);
}

void Exchange::OnBody(absl::string_view bytes) {
  if (reader_ != nullptr) return reader_->Feed(bytes, *this);
  failure_body_.append(bytes.data(), std::min(bytes.size(), kMaxFailureBody - failure_body_.size()));
  if (failure_body_.size() == kMaxFailureBody) EndWithStatusReply();
}

void Exchange::OnEnd(const upstream::Result& result) {
  if (reader_ != nullptr && result.outcome == upstream::Outcome::kComplete) return reader_->Eof(*this);
  // A status that says no is the answer, even when its page was cut off.
  if (reader_ == nullptr && failure_head_.status != 0) return EndWithStatusReply();
  FailFromOutside(TransportFailure(result, started_));
}

void Exchange::EndWithStatusReply() {
  const int status = failure_head_.status;
  chat::Error error;
  if (status >= 300 && status < 400) {
    error = Redirected(status, failure_head_.Header("location"));
  } else {
    error =
        backend_->codec->DecodeFailure({status, failure_head_.headers, failure_body_, context_.loop.clock().WallNow()});
  }
  OnDone(&error);
}

// Something outside the answer ended it. The decoder gets the chance to hand over the usage it has seen.
void Exchange::FailFromOutside(chat::Error error) {
  if (reader_ != nullptr) return reader_->Fail(error, *this);
  OnDone(&error);
}

void Exchange::OnIdentity(const chat::Identity& identity) {
  completion_id_ = std::string(identity.completion_id);
  answered_model_ = std::string(identity.model);
}

void Exchange::EnsureStarted() {
  if (std::exchange(started_, true)) return;
  first_output_timer_.Cancel();
  consumer_->OnStarted({{completion_id_, answered_model_}, backend_->name, provider_request_id_, ledger_->attempt()});
}

void Exchange::OnDelta(const chat::Delta& delta) {
  EnsureStarted();
  ledger_->Delta();
  consumer_->OnDelta(delta);
}

void Exchange::OnFinished(const chat::Finished& finished) {
  EnsureStarted();
  consumer_->OnFinished(finished);
}

void Exchange::OnUsage(const chat::Usage& usage) {
  ledger_->UsageSeen(usage);
  if (!wants_usage_) return;
  EnsureStarted();
  consumer_->OnUsage(usage);
}

void Exchange::OnDone(const chat::Error* error) {
  if (error == nullptr) {
    EnsureStarted();  // an answer without output says who gave it, too
    return End(nullptr);
  }
  const chat::Error tagged = Tagged(*error);
  End(&tagged);
}

void Exchange::End(const chat::Error* error) {
  if (std::exchange(state_, State::kEnded) == State::kEnded) return;
  CloseAttempt(error, /*keep_connection=*/error == nullptr || failure_head_.status != 0);
  consumer_->OnEnd(error);
}

void Exchange::Abort(const chat::Error& why) {
  if (std::exchange(state_, State::kEnded) == State::kEnded) return;
  CloseAttempt(&why, /*keep_connection=*/false);
}

void Exchange::CloseAttempt(const chat::Error* error, bool keep_connection) {
  first_output_timer_.Cancel();
  deadline_timer_.Cancel();
  if (transfer_ == nullptr) return;
  ledger_->AttemptEnded(error, transfer_->bytes_out(), transfer_->bytes_in());
  if (keep_connection) {
    context_.client.Retire(std::move(transfer_));
  } else {
    transfer_.reset();
  }
}

chat::Error Exchange::Tagged(chat::Error error) const {
  error.upstream = backend_->name;
  error.model = model_;
  if (error.request_id.empty()) error.request_id = provider_request_id_;
  if (!plan_->expose_provider_text) {
    error.provider_message.clear();
    if (!IsName(error.provider_code)) error.provider_code.clear();
    if (!IsName(error.provider_type)) error.provider_type.clear();
  }
  return error;
}

void Exchange::Pause() {
  if (transfer_ == nullptr || transfer_->paused()) return;
  ledger_->UpstreamPaused();
  transfer_->Pause();
}

void Exchange::Resume() {
  if (transfer_ != nullptr && transfer_->paused()) transfer_->Resume();
}

}  // namespace sluice::exchange
