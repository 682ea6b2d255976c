#include "server/http/responder.h"

#include <atomic>
#include <utility>

#include "server/http/session.h"

namespace sluice::http {
namespace {

class SessionResponder final : public Responder {
 public:
  SessionResponder(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Session> session, uint64_t exchange)
      : mailbox_(std::move(mailbox)), session_(std::move(session)), exchange_(exchange) {}

  ~SessionResponder() override {
    if (!ended_) Post([](Session& session, uint64_t exchange) { session.Abandon(exchange); });
  }

  void AddHeader(absl::string_view name, absl::string_view value) override {
    Post([name = std::string(name), value = std::string(value)](Session& session, uint64_t exchange) {
      session.AddHeader(exchange, name, value);
    });
  }

  void Send(int status, absl::string_view content_type, std::string body) override {
    ended_ = true;
    Post([status, type = std::string(content_type), body = std::move(body)](
             Session& session, uint64_t exchange) mutable { session.Send(exchange, status, type, std::move(body)); });
  }

  void Begin(int status, absl::string_view content_type) override {
    Post([status, type = std::string(content_type)](Session& session, uint64_t exchange) {
      session.Begin(exchange, status, type);
    });
  }

  void Write(std::string bytes) override {
    Post([bytes = std::move(bytes)](Session& session, uint64_t exchange) { session.Write(exchange, bytes); });
  }

  void End() override {
    ended_ = true;
    Post([](Session& session, uint64_t exchange) { session.End(exchange); });
  }

  void After(absl::Duration delay, absl::AnyInvocable<void()> then) override {
    mailbox_->PostAfter(delay, std::move(then));
  }

  void OnClosed(absl::AnyInvocable<void()> callback) override {
    if (ended_) return;
    mailbox_->Post([session = session_, exchange = exchange_, callback = std::move(callback)]() mutable {
      const std::shared_ptr<Session> alive = session.lock();
      if (alive == nullptr || alive->closed()) {
        callback();
      } else {
        alive->OnClosed(exchange, std::move(callback));
      }
    });
  }

 private:
  template <typename Call>
  void Post(Call call) {
    mailbox_->Post([session = session_, exchange = exchange_, call = std::move(call)]() mutable {
      const std::shared_ptr<Session> alive = session.lock();
      if (alive != nullptr) call(*alive, exchange);
    });
  }

  const std::shared_ptr<Mailbox> mailbox_;
  const std::weak_ptr<Session> session_;
  const uint64_t exchange_;
  std::atomic<bool> ended_ = false;
};

}  // namespace

std::shared_ptr<Responder> NewResponder(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Session> session,
                                        uint64_t exchange) {
  return std::make_shared<SessionResponder>(std::move(mailbox), std::move(session), exchange);
}

}  // namespace sluice::http
