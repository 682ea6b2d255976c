#ifndef SLUICE_SERVER_EDGE_GRPC_CHAT_CALL_H_
#define SLUICE_SERVER_EDGE_GRPC_CHAT_CALL_H_

#include <grpcpp/support/async_stream.h>

#include <memory>
#include <optional>

#include "server/edge/grpc/call.h"
#include "server/edge/grpc/connections.h"
#include "server/edge/grpc/engine.h"
#include "server/edge/grpc/response_queue.h"
#include "server/exchange/exchange.h"
#include "server/exchange/ledger.h"
#include "server/loop/loop.h"

namespace sluice::edge {

// One Chat call: turns the exchange's events into messages and writes them, one in flight at a time, as fast as the
// caller takes them. What waits is bounded: above the high watermark the upstream is paused, below the low one it goes
// on, and a caller that takes nothing for `caller_stall` is let go.
class ChatCall final : public Call, private exchange::Consumer, private Flushable {
 public:
  ChatCall(GrpcEngine* engine, CompletionPump* pump);
  ~ChatCall() override;

 private:
  // Call
  void RequestNext(CompletionTag* tag) override;
  void OfferSuccessor() override;
  void Arrive() override;
  void Begin() override;
  void Refuse(const chat::Error& why) override { exchange_->Fail(why); }
  void CallerGone(const chat::Error& why) override;
  // exchange::Consumer
  void OnStarted(const exchange::Started& started) override;
  void OnWarning(const chat::Warning& warning) override;
  void OnDelta(const chat::Delta& delta) override;
  void OnAnnotation(const chat::Annotation& annotation) override;
  void OnModeration(const chat::Moderation& moderation) override;
  void OnFinished(const chat::Finished& finished) override;
  void OnUsage(const chat::Usage& usage) override;
  void OnRetract() override { queue_.Clear(); }
  void OnEnd(const chat::Error* error) override;
  // Flushable
  void Flush() override;

  void AskForHeartbeats(std::vector<chat::FieldViolation>* violations);
  void Heartbeat();
  void Queued();
  void LetUpstreamGoOn();
  bool WriteFront();  // false: the write has to wait for the caller
  void Finish();
  void OnWritten(bool ok);
  void OnFinishedWriting(bool ok);
  void CallerStalled();

  std::unique_ptr<v1::ChatRequest> request_ = std::make_unique<v1::ChatRequest>();  // until Begin
  grpc::ServerAsyncWriter<v1::ChatResponse> writer_;
  std::shared_ptr<Connection> connection_;
  std::optional<exchange::Ledger> ledger_;
  std::optional<exchange::Exchange> exchange_;
  std::optional<loop::Timer> stall_timer_;
  std::optional<loop::Timer> heartbeat_timer_;  // where the request asks for heartbeats
  absl::Duration heartbeat_;
  ResponseQueue queue_;
  std::unique_ptr<chat::Error> error_;  // why the call ends, unless it ends well
  MemberTag<ChatCall, &ChatCall::OnWritten> write_tag_{this};
  MemberTag<ChatCall, &ChatCall::OnFinishedWriting> finish_tag_{this};
  bool writing_ = false;       // a write is in flight
  bool holding_back_ = false;  // the upstream is paused
  bool wrote_ = false;
  bool output_written_ = false;
  bool ended_ = false;     // nothing more comes from the exchange
  bool finished_ = false;  // Finish was issued: exactly once a call
  bool gone_ = false;      // the caller takes nothing more
};

}  // namespace sluice::edge

#endif  // SLUICE_SERVER_EDGE_GRPC_CHAT_CALL_H_
