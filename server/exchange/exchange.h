#ifndef SLUICE_SERVER_EXCHANGE_EXCHANGE_H_
#define SLUICE_SERVER_EXCHANGE_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/chat/error.h"
#include "server/chat/event.h"
#include "server/chat/request.h"
#include "server/exchange/attempt.h"
#include "server/exchange/engine_context.h"
#include "server/exchange/ledger.h"
#include "server/loop/loop.h"
#include "server/route/retry_budget.h"

namespace sluice::exchange {

// Opens an answer: who gives it. Comes immediately before the first output, never earlier, since until then the
// upstream may still change.
struct Started {
  chat::Identity identity;
  absl::string_view upstream;
  absl::string_view provider_request_id;
  int attempt = 1;
};

// Takes the events of one chat, on the engine's thread: OnStarted first, warnings, deltas and remarks, finished, usage,
// then OnEnd exactly once and last. Never called after Exchange::Abort. Must not destroy the exchange inside a call,
// nor call it but for Pause.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual void OnStarted(const Started& started) = 0;
  virtual void OnWarning(const chat::Warning& warning) = 0;  // right after OnStarted
  virtual void OnDelta(const chat::Delta& delta) = 0;
  virtual void OnAnnotation(const chat::Annotation& annotation) = 0;
  virtual void OnModeration(const chat::Moderation& moderation) = 0;
  virtual void OnFinished(const chat::Finished& finished) = 0;
  virtual void OnUsage(const chat::Usage& usage) = 0;
  // The attempt failed before Exchange::Commit and is made again: what was heard never was. OnStarted comes anew.
  virtual void OnRetract() = 0;
  virtual void OnEnd(const chat::Error* error) = 0;  // nullptr: the answer is complete
};

// What an edge knows of a call beside the request itself.
struct CallFacts {
  std::string traceparent;           // W3C trace context to hand on; "" sends none
  std::string tracestate;            // goes with it; "" sends none
  std::optional<MonoTime> deadline;  // the caller's
  std::string upstream_key;          // a key of the caller's own; "" is none. Never to be logged
  std::string request_field;         // where the request stands in the caller's message; "" is the message itself
  size_t request_bytes = 0;          // of the caller's message
};

// One chat from validated request to last event: finds the route, asks the upstream, again if need be, and keeps the
// caller's deadline and the timer total. Knows neither gRPC nor curl. Lives on one engine's thread.
//
// An attempt that fails before its output has left for the caller may be made again, as route/retry.h decides. From
// Commit on nothing is ever asked twice: a stream that breaks ends in an error, after the usage so far.
class Exchange final : private chat::EventSink {
 public:
  // `context`, `ledger` and `consumer` outlive the exchange.
  Exchange(const EngineContext& context, CallFacts facts, Ledger* ledger, Consumer* consumer);
  ~Exchange() override;

  // Checks and routes the request and sends it. A request that cannot go upstream ends in OnEnd before Start returns.
  // `violations` are those the edge found when it read the request; they are reported with the exchange's own.
  void Start(chat::Request request, std::vector<chat::FieldViolation> violations);
  // What was told is about to leave for the caller: this attempt's answer is the one. Nothing, if all was retracted.
  void Commit();
  // Ends the call from outside, before Start too: the usage so far, then OnEnd(&error). Not from inside the consumer.
  void Fail(chat::Error error);
  // The caller is gone, or is let go: closes the upstream at once. The consumer hears nothing more; the ledger gets the
  // usage. Not from inside the consumer.
  void Abort(const chat::Error& why);
  // Back-pressure: holds the upstream back, and lets it go on.
  void Pause();
  void Resume();

  const Plan& plan() const { return *plan_; }

 private:
  // A chat::Moderation, kept.
  struct Verdict {
    chat::Moderation moderation;
    std::string native_json;
  };

  // chat::EventSink
  void OnIdentity(const chat::Identity& identity) override;
  void OnDelta(const chat::Delta& delta) override;
  void OnAnnotation(const chat::Annotation& annotation) override;
  void OnModeration(const chat::Moderation& moderation) override;
  void OnFinished(const chat::Finished& finished) override;
  void OnUsage(const chat::Usage& usage) override;
  void OnDone(const chat::Error* error) override;

  std::optional<chat::Error> Refusal(std::vector<chat::FieldViolation> violations);
  bool Route();
  std::optional<chat::Error> FitToUpstream();
  std::optional<chat::Error> CheckCallerKey() const;
  void StartAttempt();
  dialect::HttpRequest EncodeForUpstream() const;
  bool RetryAfter(const chat::Error& error);
  void EnsureStarted();
  void TellVerdicts();
  void EstimateMissingUsage(const chat::Error& why);
  void End(const chat::Error* error);
  void CloseAttempt(const chat::Error* error, bool keep_connection);
  bool Refused() const { return attempt_ != nullptr && attempt_->refused(); }
  chat::Error Tagged(chat::Error error) const;

  const EngineContext& context_;
  const std::shared_ptr<const Plan> plan_;
  CallFacts facts_;
  Ledger* const ledger_;
  Consumer* const consumer_;
  chat::Request request_;      // until Commit
  int64_t prompt_tokens_ = 0;  // estimated
  std::shared_ptr<const Backend> backend_;
  std::vector<chat::Warning> warnings_;  // of what the upstream is not told
  std::string model_;                    // as the upstream is asked for it
  MonoTime deadline_ = MonoTime::max();  // the nearer of the caller's and the total limit
  loop::Timer deadline_timer_;
  loop::Timer backoff_timer_;
  std::optional<route::BudgetedCall> budget_;
  std::unique_ptr<Attempt> attempt_;  // the running one, or the failed one until the next begins

  // Of this attempt's answer.
  std::string completion_id_;
  std::string answered_model_;
  size_t output_bytes_ = 0;
  std::vector<Verdict> verdicts_;  // that came before the first output
  bool had_output_ = false;
  bool usage_seen_ = false;
  bool started_ = false;  // the consumer was told

  bool wants_usage_ = true;
  bool malformed_before_ = false;
  bool committed_ = false;
  bool ended_ = false;
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_EXCHANGE_H_
