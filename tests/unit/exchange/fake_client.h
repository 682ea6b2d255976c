#ifndef SLUICE_TESTS_UNIT_EXCHANGE_FAKE_CLIENT_H_
#define SLUICE_TESTS_UNIT_EXCHANGE_FAKE_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/upstream/client.h"

namespace sluice::upstream {

// One transfer that the test plays the upstream of. Says what became of it; the four verbs do nothing once the owner
// closed or retired it, as the contract of Receiver demands.
struct FakeCall {
  std::shared_ptr<const Destination> destination;
  Request request;
  Receiver* receiver = nullptr;  // null once nothing may come any more
  bool closed = false;           // destroyed by its owner, or ended
  bool retired = false;
  bool paused = false;
  int pauses = 0;
  int resumes = 0;
  uint64_t bytes_in = 0;
  std::function<void()> on_change;  // after the owner paused, resumed, closed or retired it

  void Changed() {
    if (on_change) on_change();
  }
  void Sent() {
    if (receiver != nullptr) receiver->OnSent();
  }
  void Head(int status, Headers headers = {{"content-type", "text/event-stream"}}) {
    if (receiver != nullptr) receiver->OnHead({status, std::move(headers)});
  }
  void Body(absl::string_view bytes) {
    if (receiver == nullptr) return;
    bytes_in += bytes.size();
    receiver->OnBody(bytes);
  }
  void End(Outcome outcome = Outcome::kComplete, Stage stage = Stage::kBody, std::string detail = "") {
    Result result;
    result.outcome = outcome;
    result.stage = stage;
    result.detail = std::move(detail);
    if (Receiver* const to = std::exchange(receiver, nullptr); to != nullptr) to->OnEnd(result);
  }
  absl::string_view Header(absl::string_view name) const {
    for (const auto& [key, value] : request.headers) {
      if (key == name) return value;
    }
    return "(absent)";
  }
};

// Starts transfers that wait for the test. Calls stay readable after their end.
class FakeClient final : public Client {
 public:
  std::unique_ptr<Transfer> Start(std::shared_ptr<const Destination> destination, Request request,
                                  Receiver* receiver) override {
    auto call = std::make_shared<FakeCall>();
    call->destination = std::move(destination);
    call->request = std::move(request);
    call->receiver = receiver;
    calls_.push_back(call);
    if (on_start) on_start(call);
    return std::make_unique<FakeTransfer>(call);
  }
  void Retire(std::unique_ptr<Transfer> transfer) override {
    auto* fake = static_cast<FakeTransfer*>(transfer.get());
    fake->call().retired = true;
  }

  // Hears of each transfer as it starts, on the loop's thread; must not play its part yet.
  std::function<void(std::shared_ptr<FakeCall>)> on_start;

  size_t size() const { return calls_.size(); }
  FakeCall& call(size_t i) { return *calls_.at(i); }
  FakeCall& last() { return *calls_.back(); }

 private:
  class FakeTransfer final : public Transfer {
   public:
    explicit FakeTransfer(std::shared_ptr<FakeCall> call) : call_(std::move(call)) {}
    ~FakeTransfer() override {
      call_->receiver = nullptr;
      call_->closed = !call_->retired;
      call_->Changed();
    }
    void Pause() override {
      call_->paused = true;
      ++call_->pauses;
      call_->Changed();
    }
    void Resume() override {
      call_->paused = false;
      ++call_->resumes;
      call_->Changed();
    }
    bool paused() const override { return call_->paused; }
    uint64_t bytes_in() const override { return call_->bytes_in; }
    uint64_t bytes_out() const override { return call_->request.body.size(); }
    FakeCall& call() { return *call_; }

   private:
    const std::shared_ptr<FakeCall> call_;
  };

  std::vector<std::shared_ptr<FakeCall>> calls_;
};

}  // namespace sluice::upstream

#endif  // SLUICE_TESTS_UNIT_EXCHANGE_FAKE_CLIENT_H_
