#include "tests/bench/load/grpc_writer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpc/grpc.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/clock.h"
#include "tests/bench/load/net.h"
#include "tests/bench/load/stamp.h"

namespace sluice::bench {
namespace {

constexpr int kOffers = 8;       // calls that may arrive within one turn
constexpr int kBulkDeltas = 64;  // that a stream without pace writes in one turn

void SetCork(int fd, int on) { setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); }

// As ServerContext::peer() calls the other end.
std::string PeerName(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size);
  char host[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address.sin_addr, host, sizeof(host));
  return absl::StrCat("ipv4:", host, ":", ntohs(address.sin_port));
}

}  // namespace

// One call. Its address is the tag of its operations, of which one is under way at a time.
class GrpcWriter::ChatCall {
 public:
  ChatCall(GrpcWriter* owner, uint64_t id) : owner_(owner), id_(id), writer_(&context_) {
    grpc::ServerCompletionQueue* const queue = owner->queue_.get();
    owner->service_.RequestChat(&context_, &request_, &writer_, queue, queue, this);
  }

  // The operation under way has completed.
  void Complete(bool ok) {
    switch (state_) {
      case State::kOffered:
        owner_->Offer();
        return Begin();
      case State::kWriting:
        state_ = State::kReady;
        if (!ok) return Finish();
        Write();
        return KeepGoing();
      case State::kFinishing:
        owner_->calls_.erase(id_);  // deletes this
        return;
      case State::kReady:
        return;
    }
  }

  // `count` more deltas are due.
  void Add(int64_t count) {
    due_ += std::min(count, count_ - next_ - due_);
    Write();
  }

  // Whether it can be given more.
  bool streaming() const { return state_ != State::kFinishing && next_ + due_ < count_; }
  bool ready() const { return state_ == State::kReady && streaming(); }

 private:
  enum class State { kOffered, kReady, kWriting, kFinishing };
  enum class Next { kStarted, kDeltas, kFinished, kStatus };

  void Begin() {
    connection_ = owner_->ConnectionOf(context_.peer());
    state_ = State::kReady;
    count_ = request_.has_max_tokens() ? request_.max_tokens() : std::numeric_limits<int64_t>::max();
    const int64_t now = NowNs();
    Add(owner_->pace_.interval_ns > 0 ? owner_->pace_.burst : kBulkDeltas);
    if (owner_->pace_.interval_ns > 0 && streaming()) owner_->Schedule(id_, now + owner_->pace_.interval_ns);
    KeepGoing();
  }

  void KeepGoing() {
    if (owner_->pace_.interval_ns == 0 && ready()) owner_->flat_out_.push_back(id_);
  }

  // Writes what is due, until a write has to wait.
  void Write() {
    while (state_ == State::kReady) {
      switch (what_) {
        case Next::kStarted:
          FillStarted();
          what_ = Next::kDeltas;
          break;
        case Next::kDeltas:
          if (due_ == 0) return;
          FillDelta();
          if (next_ == count_) what_ = Next::kFinished;
          break;
        case Next::kFinished:
          response_.mutable_finished()->set_finish_reason(v1::FINISH_REASON_STOP);
          what_ = Next::kStatus;
          break;
        case Next::kStatus:
          return Finish();
      }
      Issue();
    }
  }

  void Issue() {
    // Held back for what follows at once. The first message never is: gRPC would keep the call's head with it.
    grpc::WriteOptions options;
    if (wrote_ && (due_ > 0 || what_ == Next::kFinished)) options.set_buffer_hint();
    wrote_ = true;
    owner_->Cork(connection_);
    state_ = State::kWriting;
    bool ok = false;
    if (!owner_->Issue(this, &ok, [&] { writer_.Write(response_, options, this); })) return;
    state_ = State::kReady;
    if (!ok) Finish();
  }

  void Finish() {
    state_ = State::kFinishing;
    owner_->Cork(connection_);
    bool ok = false;
    // Even if it is over at once, the caller up the stack still uses this.
    if (owner_->Issue(this, &ok, [&] { writer_.Finish(grpc::Status::OK, this); })) owner_->ended_.push_back(id_);
  }

  void FillStarted() {
    v1::Started* const started = response_.mutable_started();
    started->set_model("bench");
    started->set_upstream("bench");
    started->set_attempt(1);
  }

  void FillDelta() {
    std::string* const text = response_.mutable_delta()->mutable_text();
    text->resize(static_cast<size_t>(owner_->pace_.text_bytes), 'x');
    (*text)[kNumberDigits] = ' ';
    WriteDigits(text->data(), kNumberDigits, next_ % kNumberWrap);
    WriteDigits(text->data() + kNumberDigits + 1, kTimeDigits, NowNs());
    ++next_;
    --due_;
  }

  GrpcWriter* const owner_;
  const uint64_t id_;
  State state_ = State::kOffered;
  Next what_ = Next::kStarted;
  int connection_ = -1;
  bool wrote_ = false;
  int64_t next_ = 0;   // number of the next delta
  int64_t count_ = 0;  // of all of the call's deltas
  int64_t due_ = 0;    // that may be written by now
  grpc::ServerContext context_;
  v1::ChatRequest request_;
  v1::ChatResponse response_;
  grpc::ServerAsyncWriter<v1::ChatResponse> writer_;
};

// Brings the completions that did not come at once from the thread that awaits them to the one that serves.
class GrpcWriter::Mailbox final : public Waiter {
 public:
  Mailbox(Poller* poller, grpc::CompletionQueue* queue) : wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    poller->Watch(wake_, EPOLLIN, this);
    thread_ = std::thread([this, queue] {
      void* tag = nullptr;
      for (bool ok = false; queue->Next(&tag, &ok);) Post(static_cast<ChatCall*>(tag), ok);
    });
  }

  void Post(ChatCall* call, bool ok) {
    const std::lock_guard lock(mutex_);
    posted_.emplace_back(call, ok);
    if (posted_.size() == 1) eventfd_write(wake_, 1);
  }

  void Ready(uint32_t) override {
    eventfd_t count = 0;
    eventfd_read(wake_, &count);
    {
      const std::lock_guard lock(mutex_);
      taken_.swap(posted_);
    }
    for (const auto& [call, ok] : taken_) call->Complete(ok);
    taken_.clear();
  }

 private:
  using Completion = std::pair<ChatCall*, bool>;

  const int wake_;
  std::vector<Completion> taken_;
  std::mutex mutex_;
  std::vector<Completion> posted_;
  std::thread thread_;
};

GrpcWriter::GrpcWriter(const Pace& pace) : pace_(pace) {
  grpc::ServerBuilder builder;
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
  builder.RegisterService(&service_);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  mailbox_ = std::make_unique<Mailbox>(&poller_, queue_.get());
  for (int i = 0; i < kOffers; ++i) Offer();
  const int listener = Listen();
  port_ = PortOf(listener);
  accepting_ = std::thread([this, listener] { AcceptConnections(listener); });
}

GrpcWriter::~GrpcWriter() = default;

void GrpcWriter::AcceptConnections(int listener) {
  pollfd incoming{listener, POLLIN, 0};
  for (;;) {
    poll(&incoming, 1, -1);
    const int fd = Accept(listener);
    if (fd < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      connections_[PeerName(fd)] = fcntl(fd, F_DUPFD_CLOEXEC, 0);  // gRPC's may mean another socket one day
    }
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = listener;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  }
}

int GrpcWriter::ConnectionOf(const std::string& peer) {
  const std::lock_guard lock(mutex_);
  return connections_.at(peer);
}

void GrpcWriter::Serve() {
  for (;;) {
    int64_t wait = kNsPerSecond;
    if (!flat_out_.empty()) {
      wait = 0;
    } else if (!due_.empty()) {
      wait = due_.front().at - NowNs();
    }
    for (const epoll_event& event : poller_.Wait(wait)) static_cast<Waiter*>(event.data.ptr)->Ready(event.events);
    SendDue();
    SendFlatOut();
    Uncork();
    for (const uint64_t call : ended_) calls_.erase(call);
    ended_.clear();
  }
}

void GrpcWriter::Offer() {
  const uint64_t id = ++last_call_;
  calls_.emplace(id, std::make_unique<ChatCall>(this, id));
}

void GrpcWriter::Schedule(uint64_t call, int64_t at) { due_.push_back({at, call}); }

GrpcWriter::ChatCall* GrpcWriter::Find(uint64_t call) {
  const auto found = calls_.find(call);
  return found == calls_.end() ? nullptr : found->second.get();
}

void GrpcWriter::SendDue() {
  const int64_t now = NowNs();
  while (!due_.empty() && due_.front().at <= now) {
    const Due due = due_.front();
    due_.pop_front();
    ChatCall* const call = Find(due.call);
    if (call == nullptr || !call->streaming()) continue;
    call->Add(pace_.burst);
    if (call->streaming()) Schedule(due.call, due.at + pace_.interval_ns);
  }
}

void GrpcWriter::SendFlatOut() {
  flat_out_next_.clear();
  flat_out_next_.swap(flat_out_);
  for (const uint64_t id : flat_out_next_) {
    ChatCall* const call = Find(id);
    if (call == nullptr || !call->ready()) continue;
    call->Add(kBulkDeltas);
    if (call->ready()) flat_out_.push_back(id);
  }
}

// True when the operation that `start` began is complete already; otherwise the mailbox brings its completion.
bool GrpcWriter::Issue(ChatCall* tag, bool* ok, absl::FunctionRef<void()> start) {
  grpc_completion_queue_thread_local_cache_init(queue_->cq());
  start();
  void* raw = nullptr;
  int success = 0;
  if (grpc_completion_queue_thread_local_cache_flush(queue_->cq(), &raw, &success) == 0) return false;
  void* done = raw;
  bool result = success != 0;
  if (!static_cast<grpc::internal::CompletionQueueTag*>(raw)->FinalizeResult(&done, &result)) return false;
  if (done != tag) {  // a connection that is found dead may complete another call's operation first
    mailbox_->Post(static_cast<ChatCall*>(done), result);
    return false;
  }
  *ok = result;
  return true;
}

void GrpcWriter::Cork(int fd) {
  if (std::find(corked_.begin(), corked_.end(), fd) != corked_.end()) return;
  SetCork(fd, 1);
  corked_.push_back(fd);
}

void GrpcWriter::Uncork() {
  for (const int fd : corked_) SetCork(fd, 0);
  corked_.clear();
}

}  // namespace sluice::bench
