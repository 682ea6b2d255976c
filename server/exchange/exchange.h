#ifndef SLUICE_SERVER_EXCHANGE_EXCHANGE_H_
#define SLUICE_SERVER_EXCHANGE_EXCHANGE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/chat/error.h"
#include "server/chat/event.h"
#include "server/chat/request.h"
#include "server/dialect/reply_reader.h"
#include "server/exchange/engine_context.h"
#include "server/exchange/ledger.h"
#include "server/loop/loop.h"
#include "server/upstream/client.h"

namespace sluice::exchange {

// Opens an answer: who gives it. Comes immediately before the first output, never earlier, since until then the
// upstream may still change.
struct Started {
  chat::Identity identity;
  absl::string_view upstream;
  absl::string_view provider_request_id;
  int attempt = 1;
};

// Takes the events of one chat, on the engine's thread: OnStarted at most once and first, deltas, finished, usage, then
// OnEnd exactly once and last. Never called after Exchange::Abort. Must not destroy the exchange inside a call.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual void OnStarted(const Started& started) = 0;
  virtual void OnDelta(const chat::Delta& delta) = 0;
  virtual void OnFinished(const chat::Finished& finished) = 0;
  virtual void OnUsage(const chat::Usage& usage) = 0;
  virtual void OnEnd(const chat::Error* error) = 0;  // nullptr: the answer is complete
};

// What an edge knows of a call beside the request itself.
struct CallFacts {
  std::string traceparent;           // W3C trace context to hand on; "" sends none
  std::optional<MonoTime> deadline;  // the caller's
  std::string request_field;         // where the request stands in the caller's message; "" is the message itself
};

// One chat from validated request to last event: finds the route, asks the upstream, reads the answer, keeps the timers
// first_output and total and the caller's deadline. Knows neither gRPC nor curl. Lives on one engine's thread.
class Exchange final : private upstream::Receiver, private chat::EventSink {
 public:
  // `context`, `ledger` and `consumer` outlive the exchange.
  Exchange(const EngineContext& context, CallFacts facts, Ledger* ledger, Consumer* consumer);
  ~Exchange() override;

  // Checks and routes the request and sends it. A request that cannot go upstream ends in OnEnd before Start returns.
  // `violations` are those the edge found when it read the request; they are reported with the exchange's own.
  void Start(chat::Request request, std::vector<chat::FieldViolation> violations);
  // The caller is gone, or is let go: closes the upstream at once. The consumer hears nothing more.
  void Abort(const chat::Error& why);
  // Back-pressure: holds the upstream back, and lets it go on.
  void Pause();
  void Resume();

  const Plan& plan() const { return *plan_; }

 private:
  enum class State { kIdle, kWaiting, kStreaming, kEnded };

  // upstream::Receiver
  void OnSent() override;
  void OnHead(const upstream::ReplyHead& head) override;
  void OnBody(absl::string_view bytes) override;
  void OnEnd(const upstream::Result& result) override;
  // chat::EventSink
  void OnIdentity(const chat::Identity& identity) override;
  void OnDelta(const chat::Delta& delta) override;
  void OnFinished(const chat::Finished& finished) override;
  void OnUsage(const chat::Usage& usage) override;
  void OnDone(const chat::Error* error) override;

  bool Route(chat::Request* request);
  void StartAttempt(const chat::Request& request);
  void EnsureStarted();
  void FailFromOutside(chat::Error error);
  void EndWithStatusReply();
  void End(const chat::Error* error);
  void CloseAttempt(const chat::Error* error, bool keep_connection);
  chat::Error Tagged(chat::Error error) const;

  const EngineContext& context_;
  const std::shared_ptr<const Plan> plan_;
  const CallFacts facts_;
  Ledger* const ledger_;
  Consumer* const consumer_;
  std::shared_ptr<const Backend> backend_;
  std::string model_;  // as the upstream was asked for it
  std::unique_ptr<upstream::Transfer> transfer_;
  std::unique_ptr<dialect::ReplyReader> reader_;
  loop::Timer first_output_timer_;
  loop::Timer deadline_timer_;        // the nearer of the caller's deadline and the total limit
  upstream::ReplyHead failure_head_;  // of a reply whose status is not 2xx
  std::string failure_body_;
  std::string completion_id_;
  std::string answered_model_;
  std::string provider_request_id_;
  bool wants_usage_ = true;
  bool started_ = false;
  bool total_is_nearer_ = true;
  State state_ = State::kIdle;
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_EXCHANGE_H_
