#ifndef SLUICE_SERVER_EXCHANGE_ATTEMPT_H_
#define SLUICE_SERVER_EXCHANGE_ATTEMPT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/chat/error.h"
#include "server/chat/event.h"
#include "server/dialect/codec.h"
#include "server/dialect/reply_reader.h"
#include "server/exchange/engine_context.h"
#include "server/exchange/plan.h"
#include "server/loop/loop.h"
#include "server/upstream/client.h"

namespace sluice::exchange {

// One request to one upstream and what it answers: bytes in, chat events out, and the timer first_output. Its sink
// hears as chat::EventSink says, OnDone at most once, and may Close the attempt inside a call, but not destroy it.
// Lives on one engine's thread.
class Attempt final : private upstream::Receiver {
 public:
  // `context`, `plan`, `backend` and `sink` outlive the attempt.
  Attempt(const EngineContext& context, const Plan& plan, const Backend& backend, chat::EventSink* sink);
  ~Attempt() override;

  void Start(dialect::HttpRequest request);
  // Something outside the answer ended it: hands over the usage seen so far, then OnDone(&error).
  void Fail(const chat::Error& error);
  // Nothing more is heard. A connection that is kept goes back to the pool if its reply ends soon.
  void Close(bool keep_connection);

  void OutputBegan();  // the first text, reasoning, refusal or tool call came
  void Pause();        // TCP then holds the upstream back
  void Resume();
  bool paused() const { return transfer_ != nullptr && transfer_->paused(); }

  bool open() const { return transfer_ != nullptr; }
  bool answering() const { return reader_ != nullptr; }       // the reply's status was 2xx
  bool refused() const { return failure_head_.status != 0; }  // ... or another
  const std::string& provider_request_id() const { return provider_request_id_; }
  uint64_t bytes_out() const { return transfer_ == nullptr ? 0 : transfer_->bytes_out(); }
  uint64_t bytes_in() const { return transfer_ == nullptr ? 0 : transfer_->bytes_in(); }

 private:
  void OnSent() override;
  void OnHead(const upstream::ReplyHead& head) override;
  void OnBody(absl::string_view bytes) override;
  void OnEnd(const upstream::Result& result) override;
  void EndWithStatusReply();

  const EngineContext& context_;
  const Plan& plan_;
  const Backend& backend_;
  chat::EventSink* const sink_;
  std::unique_ptr<upstream::Transfer> transfer_;
  std::unique_ptr<dialect::ReplyReader> reader_;
  loop::Timer first_output_timer_;
  upstream::ReplyHead failure_head_;  // of a reply whose status is not 2xx
  std::string failure_body_;
  std::string provider_request_id_;
  bool had_output_ = false;
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_ATTEMPT_H_
