#include "sluice/chat_stream.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <utility>

#include "sluice/call_context.h"
#include "sluice/v1/chat.grpc.pb.h"

namespace sluice {

// The asynchronous interface with one operation at a time: the synchronous one would block in Start() until the
// connection stands, out of Cancel()'s reach.
struct ChatStream::Call {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReader<v1::ChatResponse>> reader;
  v1::ChatResponse event;
  CallStatus status;
  bool starting = false;      // StartCall() has not been waited for
  bool has_metadata = false;  // gRPC asserts that nobody asks for the initial metadata earlier
  bool ended = false;

  ~Call() {
    queue.Shutdown();
    Wait();
  }

  // Until the operation that was begun last is done; false where it failed.
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  }

  // False at the end of the events.
  bool Read() {
    if (std::exchange(starting, false) && !Wait()) return false;
    reader->Read(&event, this);
    const bool got = Wait();
    has_metadata = true;
    return got;
  }

  void End() {
    grpc::Status finished;
    reader->Finish(&finished, this);
    Wait();
    has_metadata = true;
    status = DecodeStatus(finished);
    ended = true;
  }
};

ChatStream ChatStream::Start(const std::shared_ptr<grpc::Channel>& channel, const v1::ChatRequest& request,
                             const CallOptions& options) {
  auto call = std::make_unique<Call>();
  call->status = Apply(options, &call->context);
  if (call->status.ok()) {
    call->reader = v1::ChatService::NewStub(channel)->PrepareAsyncChat(&call->context, request, &call->queue);
    call->starting = true;
    call->reader->StartCall(call.get());
  } else {
    call->ended = true;
  }
  return ChatStream(std::move(call));
}

ChatStream::ChatStream(std::unique_ptr<Call> call) : call_(std::move(call)) {}
ChatStream::ChatStream(ChatStream&&) noexcept = default;

ChatStream& ChatStream::operator=(ChatStream&& other) noexcept {
  std::swap(call_, other.call_);
  return *this;
}

ChatStream::~ChatStream() {
  if (call_ != nullptr) status();
}

const v1::ChatResponse* ChatStream::Next() {
  if (call_->ended) return nullptr;
  if (call_->Read()) return &call_->event;
  call_->End();
  return nullptr;
}

const CallStatus& ChatStream::status() {
  if (!call_->ended) {
    Cancel();
    // What already arrived has to be taken before gRPC tells the status.
    while (Next() != nullptr) {
    }
  }
  return call_->status;
}

void ChatStream::Cancel() { call_->context.TryCancel(); }

std::string ChatStream::request_id() const {
  if (!call_->has_metadata) return "";
  using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;
  const auto find = [](const Metadata& metadata) {
    const auto id = metadata.find("x-request-id");
    return id == metadata.end() ? "" : std::string(id->second.data(), id->second.size());
  };
  std::string id = find(call_->context.GetServerInitialMetadata());
  // A call that fails at once has no initial metadata: all it has is in the trailers.
  if (id.empty() && call_->ended) id = find(call_->context.GetServerTrailingMetadata());
  return id;
}

ChatStream::Iterator::reference ChatStream::Iterator::operator*() const { return stream_->call_->event; }

ChatStream::Iterator& ChatStream::Iterator::operator++() {
  if (stream_->Next() == nullptr) stream_ = nullptr;
  return *this;
}

}  // namespace sluice
