#include "tests/soak/caller.h"

#include "absl/strings/str_cat.h"
#include "tests/soak/stream_check.h"

namespace sluice::soak {
namespace {

constexpr int64_t kLongestRestMs = 2000;

CallOptions OptionsFor(const CallPlan& plan) {
  CallOptions options;
  if (plan.manner == Manner::kDeadline) options.timeout = plan.patience;
  return options;
}

}  // namespace

bool Pause::For(Milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [this] { return over_; });
}

void Pause::End() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  changed_.notify_all();
}

bool Pause::over() const {
  const std::lock_guard lock(mutex_);
  return over_;
}

Canceller::Canceller() : thread_([this] { Run(); }) {}

Canceller::~Canceller() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Canceller::CancelAfter(Milliseconds delay, ChatStream* stream) {
  const std::lock_guard lock(mutex_);
  due_.emplace(NowMs() + delay.count(), stream);
  changed_.notify_all();
}

void Canceller::Forget(const ChatStream* stream) {
  const std::lock_guard lock(mutex_);
  std::erase_if(due_, [stream](const auto& item) { return item.second == stream; });
}

void Canceller::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const int64_t now = NowMs();
    while (!due_.empty() && due_.begin()->first <= now) {
      due_.begin()->second->Cancel();
      due_.erase(due_.begin());
    }
    changed_.wait_for(lock, Milliseconds(due_.empty() ? 1000 : due_.begin()->first - now));
  }
}

v1::ChatRequest RequestFor(const Record& record) {
  v1::ChatRequest request;
  request.set_model(record.plan.tls ? "tls" : "plain");
  v1::Message* message = request.add_messages();
  message->set_role(v1::ROLE_USER);
  message->add_content()->set_text(
      absl::StrCat("soak-", record.number, ".", std::string(static_cast<size_t>(record.plan.prompt_bytes), 'p')));
  return request;
}

void Caller::Run(const std::vector<Client>& clients) {
  while (pause_->For(Milliseconds(Between(random_, 0, kLongestRestMs)))) {
    const Client& client = clients[static_cast<size_t>(Between(random_, 0, static_cast<int64_t>(clients.size()) - 1))];
    const std::shared_ptr<Record> record = ledger_->Begin(DrawPlan(random_));
    switch (record->plan.operation) {
      case Operation::kChat:
        Chat(client, *record);
        break;
      case Operation::kComplete:
        Complete(client, *record);
        break;
      case Operation::kListModels:
        ListModels(client, *record);
        break;
    }
    ledger_->End(*record);
  }
}

void Caller::Chat(const Client& client, const Record& record) {
  const CallPlan& plan = record.plan;
  StreamCheck check(ledger_, &record);
  ChatStream stream = client.Chat(RequestFor(record), OptionsFor(plan));
  if (plan.manner == Manner::kCancel) canceller_->CancelAfter(plan.patience, &stream);
  bool rested = false;
  for (;;) {
    if (plan.manner == Manner::kDrop && check.deltas() >= plan.reads) break;
    if (plan.manner == Manner::kStopReading && !rested && check.deltas() >= plan.reads) {
      pause_->For(plan.patience);
      rested = true;
    }
    const v1::ChatResponse* event = stream.Next();
    if (event == nullptr) break;
    check.Take(*event);
    if (plan.manner == Manner::kReadSlowly && check.deltas() % plan.reads == 0) pause_->For(plan.patience);
  }
  canceller_->Forget(&stream);
  check.End(stream.status());
}

void Caller::Complete(const Client& client, const Record& record) {
  StreamCheck check(ledger_, &record);
  const Result<v1::CompleteResponse> result = client.Complete(RequestFor(record), OptionsFor(record.plan));
  if (result.status.ok()) check.Take(result.response);
  check.End(result.status);
}

void Caller::ListModels(const Client& client, const Record& record) {
  StreamCheck check(ledger_, &record);
  const Result<v1::ListModelsResponse> result = client.ListModels(OptionsFor(record.plan));
  check.End(result.status);
  // One model, served by both upstreams.
  const bool whole = result.response.models_size() == 1 && result.response.models(0).upstreams_size() == 2;
  if (result.status.ok() && (!whole || result.response.failures_size() != 0)) {
    ledger_->Breach("models missing", result.response.ShortDebugString());
  }
}

}  // namespace sluice::soak
