#include "server/edge/grpc/chat_call.h"

#include <utility>
#include <vector>

#include "server/edge/grpc/delta_split.h"
#include "server/edge/grpc/error_to_status.h"
#include "server/edge/grpc/event_to_proto.h"
#include "server/edge/grpc/request_from_proto.h"
#include "server/edge/grpc/upstream_key.h"
#include "server/exchange/failures.h"

namespace sluice::edge {

ChatCall::ChatCall(GrpcEngine* engine, CompletionPump* pump) : Call(engine, pump), writer_(&context()) {}

ChatCall::~ChatCall() { engine().ForgetFlush(this); }

void ChatCall::RequestNext(CompletionTag* tag) {
  grpc::ServerCompletionQueue* queue = pump().queue();
  engine().services().chat.RequestChat(&context(), request_.get(), &writer_, queue, queue, tag);
}

void ChatCall::OfferSuccessor() { (new ChatCall(&engine(), engine().PumpForNextCall()))->Offer(); }

void ChatCall::Arrive() {
  const exchange::EngineContext& host = engine().context();
  const std::string peer = context().peer();
  connection_ = engine().connections().Find(peer);
  ledger_.emplace(host.loop.clock(), exchange::Operation::kChat, TakeRequestId(), peer, host.plan);
  stall_timer_.emplace(host.loop, [this] { CallerStalled(); });
  exchange::CallFacts facts = Facts();
  facts.request_bytes = request_->ByteSizeLong();
  ledger_->AddBytesFromCaller(facts.request_bytes);
  exchange_.emplace(host, std::move(facts), &*ledger_, static_cast<exchange::Consumer*>(this));
}

void ChatCall::Begin() {
  if (const auto fault = FaultOfUpstreamKey(context().client_metadata())) return Refuse(*fault);
  std::vector<chat::FieldViolation> violations;
  chat::Request request = RequestFromProto(request_.get(), &violations);
  AskForHeartbeats(&violations);
  request_.reset();
  exchange_->Start(std::move(request), std::move(violations));
}

void ChatCall::AskForHeartbeats(std::vector<chat::FieldViolation>* violations) {
  const auto interval = HeartbeatInterval(*request_, violations);
  if (!interval) return;
  heartbeat_ = *interval;
  heartbeat_timer_.emplace(engine().context().loop, [this] { Heartbeat(); });
  heartbeat_timer_->ArmAfter(heartbeat_);
}

// A stream that waits for its caller is not silent: it has something to say.
void ChatCall::Heartbeat() {
  if (gone_ || ended_) return;
  heartbeat_timer_->ArmAfter(heartbeat_);
  if (writing_ || !queue_.empty()) return;
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  message->mutable_heartbeat();
  Queued();
}

void ChatCall::OnStarted(const exchange::Started& started) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  FillStarted(started, message->mutable_started());
  Queued();
}

void ChatCall::OnWarning(const chat::Warning& warning) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  FillWarning(warning, message->mutable_warning());
  Queued();
}

void ChatCall::OnAnnotation(const chat::Annotation& annotation) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  FillAnnotation(annotation, message->mutable_annotation());
  Queued();
}

void ChatCall::OnModeration(const chat::Moderation& moderation) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  FillModeration(moderation, message->mutable_moderation());
  Queued();
}

void ChatCall::OnDelta(const chat::Delta& delta) {
  ForEachPiece(delta, [this](const chat::Delta& piece) {
    FillDelta(piece, queue_.Add()->mutable_delta());
    Queued();
  });
}

void ChatCall::OnFinished(const chat::Finished& finished) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  FillFinished(finished, message->mutable_finished());
  Queued();
}

void ChatCall::OnUsage(const chat::Usage& usage) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  FillUsage(usage, message->mutable_usage());
  Queued();
}

void ChatCall::OnEnd(const chat::Error* error) {
  ended_ = true;
  if (error != nullptr) error_ = std::make_unique<chat::Error>(*error);
  engine().NeedsFlush(this);
}

void ChatCall::Queued() {
  queue_.Commit();
  engine().NeedsFlush(this);
  if (queue_.bytes() <= exchange_->plan().limits.buffer_high) return;
  holding_back_ = true;
  exchange_->Pause();
}

void ChatCall::LetUpstreamGoOn() {
  if (std::exchange(holding_back_, false)) exchange_->Resume();
}

void ChatCall::Flush() {
  if (gone_ || finished_) return;
  while (!writing_ && !queue_.empty()) {
    if (!WriteFront()) break;
  }
  if (holding_back_ && queue_.bytes() < exchange_->plan().limits.buffer_low) LetUpstreamGoOn();
  if (ended_ && !writing_ && queue_.empty() && !finished_) Finish();  // a write that failed at once has finished it
}

bool ChatCall::WriteFront() {
  if (!queue_.front().has_heartbeat()) exchange_->Commit();
  grpc::WriteOptions options;
  // Held back for the next message, which follows at once; the call's first write never is, since gRPC would not send
  // its initial metadata then.
  if (wrote_ && queue_.size() > 1) options.set_buffer_hint();
  engine().corks().Cork(connection_);
  OperationStarted();
  writing_ = true;
  bool ok = false;
  const bool done = pump().Issue(&write_tag_, &ok, [&] { writer_.Write(queue_.front(), options, &write_tag_); });
  wrote_ = true;
  if (heartbeat_timer_) heartbeat_timer_->ArmAfter(heartbeat_);
  if (!output_written_ && queue_.front().has_delta()) {
    output_written_ = true;
    ledger_->FirstOutputLeft();
  }
  ledger_->AddBytesToCaller(queue_.front_bytes());
  queue_.Pop();  // gRPC serialized it in Write
  if (!done) {
    stall_timer_->ArmAfter(exchange_->plan().limits.caller_stall);
    return false;
  }
  OnWritten(ok);
  return ok;
}

void ChatCall::OnWritten(bool ok) {
  writing_ = false;
  stall_timer_->Cancel();
  if (!ok) gone_ = true;  // the done tag says why
  if (gone_) {
    if (!finished_) Finish();
  } else if (!queue_.empty() || ended_) {
    engine().NeedsFlush(this);
  } else {
    LetUpstreamGoOn();
  }
  OperationReturned();
}

// Ends the call: with its status, or, when the caller is gone, only because gRPC wants each call finished once.
void ChatCall::Finish() {
  finished_ = true;
  queue_.Clear();
  if (!gone_) ledger_->Close(error_.get());
  engine().corks().Cork(connection_);
  OperationStarted();
  bool ok = false;
  const grpc::Status status = error_ == nullptr ? grpc::Status::OK : ErrorToStatus(*error_);
  if (error_ != nullptr) ForbidRetry(*error_);
  if (pump().Issue(&finish_tag_, &ok, [&] { writer_.Finish(status, &finish_tag_); })) OnFinishedWriting(ok);
}

void ChatCall::OnFinishedWriting(bool) { OperationReturned(); }

void ChatCall::CallerGone(const chat::Error& why) {
  if (finished_ && !gone_) return;  // it got its status before
  gone_ = true;
  exchange_->Abort(why);
  ledger_->Close(&why);
  if (error_ == nullptr) error_ = std::make_unique<chat::Error>(why);
  if (!writing_ && !finished_) Finish();
}

void ChatCall::CallerStalled() {
  gone_ = true;
  error_ = std::make_unique<chat::Error>(exchange::CallerStalled(exchange_->plan().limits.caller_stall));
  exchange_->Abort(*error_);
  ledger_->Close(error_.get());
  context().TryCancel();
}

}  // namespace sluice::edge
