#include "server/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/chat/validate.h"
#include "server/exchange/failures.h"
#include "server/exchange/json_fields.h"
#include "server/exchange/usage_estimate.h"
#include "server/route/retry.h"

namespace sluice::exchange {
namespace {

// Real ones take a few dozen bytes; an upstream may not fill the caller's messages with them.
constexpr size_t kMaxIdentity = 1024;

std::string Clipped(absl::string_view text) { return std::string(text.substr(0, Utf8Boundary(text, kMaxIdentity))); }

void PutUnder(const std::string& parent, std::string* field) {
  if (parent.empty()) return;
  *field = field->empty() ? parent : absl::StrCat(parent, ".", *field);
}

// Whether it is we who cut an answer short: the upstream was at work, and will want to be paid for it.
bool CutByUs(const chat::Error& error) {
  switch (error.kind) {
    case chat::ErrorKind::kCancelled:
    case chat::ErrorKind::kDeadline:
    case chat::ErrorKind::kDraining:
    case chat::ErrorKind::kCallerStalled:
    case chat::ErrorKind::kAnswerTooLarge:
    case chat::ErrorKind::kTimeout:
      return true;
    default:
      return false;
  }
}

}  // namespace

Exchange::Exchange(const EngineContext& context, CallFacts facts, Ledger* ledger, Consumer* consumer)
    : context_(context),
      plan_(context.plan),
      facts_(std::move(facts)),
      ledger_(ledger),
      consumer_(consumer),
      deadline_timer_(context.loop,
                      [this] {
                        const bool callers = facts_.deadline && deadline_ == *facts_.deadline;
                        Fail(callers ? DeadlinePassed() : TimerFired("total", backend_->total));
                      }),
      backoff_timer_(context.loop, [this] { StartAttempt(); }) {
  ledger_->trace().Begin(facts_.traceparent, facts_.tracestate, plan_->tracing);
}

Exchange::~Exchange() = default;

void Exchange::Start(chat::Request request, std::vector<chat::FieldViolation> violations) {
  request_ = std::move(request);
  if (request_.model.empty()) request_.model = plan_->default_model;
  if (const auto refusal = Refusal(std::move(violations))) return End(&*refusal);
  wants_usage_ = request_.include_usage;
  prompt_tokens_ = EstimatePromptTokens(request_);
  ledger_->trace().Asked(request_, *backend_);
  deadline_ = After(context_.loop.clock().Now(), backend_->total);
  if (facts_.deadline) deadline_ = std::min(deadline_, *facts_.deadline);
  deadline_timer_.ArmAt(deadline_);
  budget_.emplace(backend_->retry_budget);
  StartAttempt();
}

std::optional<chat::Error> Exchange::Refusal(std::vector<chat::FieldViolation> violations) {
  const Limits& limits = plan_->limits;
  if (facts_.request_bytes > limits.request_bytes) {
    return AboveLimit("limits.request_bytes", limits.request_bytes, "bytes", facts_.request_bytes);
  }
  if (request_.messages.size() > limits.messages) {
    return AboveLimit("limits.messages", limits.messages, "messages", request_.messages.size());
  }
  for (auto& violation : chat::Validate(request_)) violations.push_back(std::move(violation));
  CheckJsonFields(request_, limits.decode.max_json_depth, &violations);
  if (!violations.empty()) {
    for (auto& violation : violations) PutUnder(facts_.request_field, &violation.field);
    return BadRequest(std::move(violations));
  }
  if (!Route()) return NoRoute(request_.model);
  if (auto refusal = CheckCallerKey()) return refusal;
  return FitToUpstream();
}

std::optional<chat::Error> Exchange::CheckCallerKey() const {
  const bool given = !facts_.upstream_key.empty();
  if (given && backend_->caller_key == CallerKey::kRefused) return UpstreamKeyNotTaken();
  if (!given && backend_->caller_key == CallerKey::kRequired) return UpstreamKeyMissing();
  return std::nullopt;
}

// Takes out of the request what the upstream's dialect cannot say. The call goes on without it where that does no harm
// or the configuration wants it so; else it is refused, with everything that is wrong at once.
std::optional<chat::Error> Exchange::FitToUpstream() {
  std::vector<dialect::Misfit> misfits;
  backend_->codec->Fit(backend_->target, &request_, &misfits);
  std::vector<chat::FieldViolation> violations;
  for (dialect::Misfit& misfit : misfits) {
    PutUnder(facts_.request_field, &misfit.field);
    using Severity = dialect::Misfit::Severity;
    const bool dropped =
        misfit.severity == Severity::kDrop || (misfit.severity == Severity::kPolicy && backend_->drops_unsupported);
    if (dropped) {
      warnings_.push_back({std::move(misfit.field), std::move(misfit.why)});
    } else {
      violations.push_back({std::move(misfit.field), std::move(misfit.why)});
    }
  }
  if (violations.empty()) return std::nullopt;
  return DoesNotFit(std::move(violations));
}

bool Exchange::Route() {
  const auto match = plan_->router.Find(request_.model);
  if (!match) return false;
  backend_ = plan_->backends[match->rule->upstream];
  ledger_->Routed(*match, request_.model);
  if (!match->rule->model.empty()) request_.model = match->rule->model;
  model_ = request_.model;
  return true;
}

void Exchange::StartAttempt() {
  dialect::HttpRequest http = EncodeForUpstream();
  http.headers.emplace_back("X-Request-Id", ledger_->request_id());  // the same on every attempt
  ledger_->AttemptStarted();
  if (std::string parent = ledger_->trace().Traceparent(ledger_->attempt()); !parent.empty()) {
    http.headers.emplace_back("traceparent", std::move(parent));
    if (!ledger_->trace().state().empty()) http.headers.emplace_back("tracestate", ledger_->trace().state());
  }
  attempt_ = std::make_unique<Attempt>(context_, *plan_, *backend_, static_cast<chat::EventSink*>(this));
  attempt_->Start(std::move(http));
}

dialect::HttpRequest Exchange::EncodeForUpstream() const {
  if (facts_.upstream_key.empty()) return backend_->codec->EncodeChat(request_, backend_->target);
  dialect::Target target = backend_->target;
  target.api_key = facts_.upstream_key;
  return backend_->codec->EncodeChat(request_, target);
}

void Exchange::OnIdentity(const chat::Identity& identity) {
  completion_id_ = Clipped(identity.completion_id);
  answered_model_ = Clipped(identity.model);
  ledger_->trace().Answered(completion_id_, answered_model_);
}

void Exchange::EnsureStarted() {
  if (std::exchange(started_, true)) return;
  consumer_->OnStarted(
      {{completion_id_, answered_model_}, backend_->name, attempt_->provider_request_id(), ledger_->attempt()});
  for (const chat::Warning& warning : warnings_) consumer_->OnWarning(warning);
  TellVerdicts();
}

void Exchange::TellVerdicts() {
  for (Verdict& verdict : std::exchange(verdicts_, {})) {
    verdict.moderation.native_json = verdict.native_json;
    consumer_->OnModeration(verdict.moderation);
  }
}

void Exchange::OnAnnotation(const chat::Annotation& annotation) {
  EnsureStarted();
  consumer_->OnAnnotation(annotation);
}

// One about the prompt comes first of all, while the attempt may still fail and be made again: it waits for the output.
void Exchange::OnModeration(const chat::Moderation& moderation) {
  if (started_) return consumer_->OnModeration(moderation);
  verdicts_.push_back({moderation, std::string(moderation.native_json)});
}

void Exchange::OnDelta(const chat::Delta& delta) {
  if (!std::exchange(had_output_, true)) {
    attempt_->OutputBegan();
    EnsureStarted();
  }
  output_bytes_ += OutputBytes(delta);
  ledger_->Delta();
  consumer_->OnDelta(delta);
}

void Exchange::OnFinished(const chat::Finished& finished) {
  EnsureStarted();
  ledger_->trace().Finished(finished.native);
  consumer_->OnFinished({finished.choice, finished.reason, finished.native.substr(0, kMaxIdentity)});
}

void Exchange::OnUsage(const chat::Usage& usage) {
  usage_seen_ = true;
  ledger_->UsageSeen(usage);
  if (!wants_usage_ || ended_) return;
  EnsureStarted();
  consumer_->OnUsage(usage);
}

void Exchange::OnDone(const chat::Error* error) {
  if (ended_) return;
  if (error == nullptr) {
    EnsureStarted();  // an answer without output says who gave it, too
    return End(nullptr);
  }
  const chat::Error tagged = Tagged(*error);
  if (RetryAfter(tagged)) return;
  EstimateMissingUsage(tagged);
  End(&tagged);
}

void Exchange::Commit() {
  if (!started_ || std::exchange(committed_, true)) return;  // what was retracted does not leave
  request_ = chat::Request();                                // a long prompt need not stay for a long answer
  if (budget_) budget_->ReturnRetry();
}

// Whether the attempt that failed with `error` is made again, a while from now.
bool Exchange::RetryAfter(const chat::Error& error) {
  if (committed_ || !route::IsRetryable(error, malformed_before_)) return false;
  const absl::Duration left = absl::FromChrono(deadline_ - context_.loop.clock().Now());
  const auto delay = route::RetryDelay(backend_->retry, error, ledger_->attempt(), left, context_.random);
  if (!delay) return false;
  if (!budget_->TakeRetry()) {
    if (!error.of_callers_key) ledger_->RetryDenied();
    return false;
  }
  CloseAttempt(&error, Refused());
  ledger_->Retried(error);
  if (started_) consumer_->OnRetract();
  completion_id_.clear();
  answered_model_.clear();
  output_bytes_ = 0;
  verdicts_.clear();
  had_output_ = usage_seen_ = started_ = false;
  malformed_before_ = malformed_before_ || error.kind == chat::ErrorKind::kMalformed;
  backoff_timer_.ArmAt(After(context_.loop.clock().Now(), *delay));
  return true;
}

// An answer that was under way costs money, whether its count came or not.
void Exchange::EstimateMissingUsage(const chat::Error& why) {
  const bool at_work = attempt_ != nullptr && attempt_->open() && attempt_->answering() && CutByUs(why);
  if (usage_seen_ || !(had_output_ || at_work)) return;
  OnUsage(EstimateUsage(prompt_tokens_, output_bytes_));
}

void Exchange::Fail(chat::Error error) {
  if (ended_) return;
  if (attempt_ != nullptr && attempt_->open()) return attempt_->Fail(error);
  OnDone(&error);
}

void Exchange::End(const chat::Error* error) {
  if (std::exchange(ended_, true)) return;
  CloseAttempt(error, /*keep_connection=*/error == nullptr || Refused());
  consumer_->OnEnd(error);
}

void Exchange::Abort(const chat::Error& why) {
  if (std::exchange(ended_, true)) return;
  if (attempt_ != nullptr && attempt_->open()) attempt_->Fail(why);  // for the usage
  EstimateMissingUsage(why);
  CloseAttempt(&why, /*keep_connection=*/false);
}

void Exchange::CloseAttempt(const chat::Error* error, bool keep_connection) {
  if (ended_) deadline_timer_.Cancel();
  backoff_timer_.Cancel();
  if (attempt_ == nullptr || !attempt_->open()) return;
  ledger_->AttemptEnded(error, attempt_->bytes_out(), attempt_->bytes_in());
  ledger_->set_provider_request_id(attempt_->provider_request_id());
  attempt_->Close(keep_connection);
}

chat::Error Exchange::Tagged(chat::Error error) const {
  if (backend_ == nullptr) return error;
  error.upstream = backend_->name;
  error.model = model_;
  error.attempts = ledger_->attempt();
  if (!facts_.upstream_key.empty()) BlameCallersKey(&error);
  if (error.request_id.empty() && attempt_ != nullptr) error.request_id = attempt_->provider_request_id();
  if (!plan_->expose_provider_text) {
    error.provider_message.clear();
    if (!IsName(error.provider_code)) error.provider_code.clear();
    if (!IsName(error.provider_type)) error.provider_type.clear();
  }
  return error;
}

void Exchange::Pause() {
  if (attempt_ == nullptr || !attempt_->open() || attempt_->paused()) return;
  ledger_->UpstreamPaused();
  attempt_->Pause();
}

void Exchange::Resume() {
  if (attempt_ != nullptr) attempt_->Resume();
}

}  // namespace sluice::exchange
