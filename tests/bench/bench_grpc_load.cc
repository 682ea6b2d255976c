// Loads the gateway with Chat streams over 8 connections and checks every delta: usage as load.h's Plan says.
// One thread and one completion queue; the probes share the streams' connections.

#include <grpcpp/grpcpp.h>

#include <memory>

#include "sluice/v1/chat.grpc.pb.h"
#include "tests/bench/load.h"

namespace sluice::bench {
namespace {

constexpr int kConnections = 8;

v1::ChatRequest Request(int max_tokens) {
  v1::ChatRequest request;
  request.set_model("bench");
  request.set_max_tokens(max_tokens);
  v1::Message* message = request.add_messages();
  message->set_role(v1::ROLE_USER);
  message->add_content()->set_text("go");
  return request;
}

// One call. Its address is the tag of all its operations, of which one is under way at a time.
struct Stream {
  enum class State { kStarting, kReading, kFinishing };
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncReader<v1::ChatResponse>> reader;
  v1::ChatResponse response;
  grpc::Status status;
  State state = State::kStarting;
  bool probe = false;
  int64_t started = 0;
  int64_t next = 0;  // the number of the delta that is due
};

class Load {
 public:
  explicit Load(const Plan& plan) : plan_(plan), run_(plan) {
    for (int i = 0; i < kConnections; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection each, instead of one for all
      const auto channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(plan.port),
                                                     grpc::InsecureChannelCredentials(), arguments);
      if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) {
        fprintf(stderr, "cannot connect\n");
        exit(1);
      }
      stubs_.push_back(v1::ChatService::NewStub(channel));
    }
  }

  int Go() {
    run_ = Run(plan_);  // the connections are warm: now the clock starts
    int opened = 0;
    while (true) {
      const int64_t now = NowNs();
      for (const int due = run_.StreamsDue(now); opened < due; ++opened) Open(false, 100000);
      const Phase phase = run_.Advance(now);
      if (phase == Phase::kOver) break;
      if (run_.ProbeDue(now) && !probing_) Open(true, 1);
      Turn(std::chrono::microseconds(1000));
    }
    over_ = true;
    for (const auto& [stream, owner] : calls_) stream->context.TryCancel();
    while (!calls_.empty()) Turn(std::chrono::seconds(10));
    return run_.Report();
  }

 private:
  void Open(bool probe, int max_tokens) {
    auto stream = std::make_unique<Stream>();
    stream->probe = probe;
    stream->started = NowNs();
    if (probe) probing_ = true;
    stream->reader =
        stubs_[next_stub_++ % kConnections]->PrepareAsyncChat(&stream->context, Request(max_tokens), &queue_);
    stream->reader->StartCall(stream.get());
    Stream* tag = stream.get();
    calls_.emplace(tag, std::move(stream));
  }

  // Handles what has completed, waiting at most `wait` for the first of it.
  void Turn(std::chrono::microseconds wait) {
    void* tag = nullptr;
    bool ok = false;
    auto until = std::chrono::system_clock::now() + wait;
    for (int i = 0; i < 256 && queue_.AsyncNext(&tag, &ok, until) == grpc::CompletionQueue::GOT_EVENT; ++i) {
      Handle(*static_cast<Stream*>(tag), ok);
      until = std::chrono::system_clock::time_point();  // long past: take only what is there
    }
  }

  void Handle(Stream& stream, bool ok) {
    if (stream.state == Stream::State::kFinishing) {
      if (!over_ && !(stream.probe && stream.status.ok())) {
        run_.Error("a call ended: " + std::to_string(stream.status.error_code()) + " " + stream.status.error_message());
      }
      if (stream.probe) probing_ = false;
      calls_.erase(&stream);
      return;
    }
    if (!ok) {
      stream.state = Stream::State::kFinishing;
      stream.reader->Finish(&stream.status, &stream);
      return;
    }
    if (stream.state == Stream::State::kReading && stream.response.has_delta()) TakeDelta(stream);
    stream.state = Stream::State::kReading;
    stream.reader->Read(&stream.response, &stream);
  }

  void TakeDelta(Stream& stream) {
    const std::string& text = stream.response.delta().text();
    if (stream.probe) {
      run_.TakeProbe(NowNs() - stream.started);
    } else if (!over_) {
      run_.TakeDelta(text.data(), text.size(), stream.next++, NowNs());
    }
  }

  Plan plan_;
  Run run_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<v1::ChatService::Stub>> stubs_;
  size_t next_stub_ = 0;
  std::map<Stream*, std::unique_ptr<Stream>> calls_;
  bool probing_ = false;
  bool over_ = false;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::Load(sluice::bench::Plan::FromArgs(argc, argv)).Go(); }
