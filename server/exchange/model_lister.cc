#include "server/exchange/model_lister.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/exchange/failures.h"

namespace sluice::exchange {
namespace {

// The longest list known (OpenRouter's) is under 1 MiB.
constexpr size_t kMaxListBytes = size_t{8} << 20;

}  // namespace

class ModelLister::Query final : private upstream::Receiver {
 public:
  Query(const EngineContext& context, std::shared_ptr<const Backend> backend, absl::Duration limit, ModelLister* owner)
      : context_(context),
        plan_(context.plan),
        backend_(std::move(backend)),
        limit_(limit),
        owner_(owner),
        started_(context.loop.clock().Now()),
        timer_(context.loop, [this] { Fail(TimerFired("total", limit_)); }) {
    report_.upstream = backend_->name;
    timer_.ArmAfter(limit);
    dialect::HttpRequest http = backend_->codec->EncodeListModels(backend_->target);
    transfer_ = context.client.Start(
        backend_->destination,
        {std::move(http.method), std::move(http.url), std::move(http.headers), std::move(http.body)}, this);
  }

  ModelReport TakeReport() { return std::move(report_); }

 private:
  void OnSent() override {}

  void OnHead(const upstream::ReplyHead& head) override {
    report_.reachable = true;
    report_.http_status = head.status;
    report_.latency = absl::FromChrono(context_.loop.clock().Now() - started_);
    head_ = head;
  }

  void OnBody(absl::string_view bytes) override {
    body_.append(bytes.data(), bytes.size());
    if (body_.size() > kMaxListBytes) {
      chat::Error error;
      error.kind = chat::ErrorKind::kTooLarge;
      error.message = absl::StrCat("the upstream's model list is larger than ", kMaxListBytes, " bytes");
      Fail(std::move(error));
    }
  }

  void OnEnd(const upstream::Result& result) override {
    if (result.outcome != upstream::Outcome::kComplete) return Fail(TransportFailure(result, false));
    if (head_.status != 200) {
      return Fail(
          backend_->codec->DecodeFailure({head_.status, head_.headers, body_, context_.loop.clock().WallNow()}));
    }
    auto models = backend_->codec->DecodeModels(body_);
    if (!models.ok()) {
      chat::Error error;
      error.kind = chat::ErrorKind::kMalformed;
      error.message = std::string(models.status().message());
      return Fail(std::move(error));
    }
    report_.models = *std::move(models);
    End();
  }

  void Fail(chat::Error error) {
    error.upstream = backend_->name;
    if (!plan_->expose_provider_text) error.provider_message.clear();
    report_.error = std::make_unique<chat::Error>(std::move(error));
    End();
  }

  void End() {
    timer_.Cancel();
    transfer_.reset();
    owner_->QueryEnded();
  }

  const EngineContext& context_;
  const std::shared_ptr<const Plan> plan_;
  const std::shared_ptr<const Backend> backend_;
  const absl::Duration limit_;
  ModelLister* const owner_;
  const MonoTime started_;
  loop::Timer timer_;
  std::unique_ptr<upstream::Transfer> transfer_;
  upstream::ReplyHead head_;
  std::string body_;
  ModelReport report_;
};

ModelLister::ModelLister(const EngineContext& context, absl::Duration limit, Callback done)
    : loop_(context.loop),
      done_(std::move(done)),
      open_(context.plan->backends.size()),
      alive_(std::make_shared<bool>(true)) {
  for (const auto& backend : context.plan->backends) {
    queries_.push_back(std::make_unique<Query>(context, backend, limit, this));
  }
}

ModelLister::~ModelLister() { *alive_ = false; }

// Ends in a turn of its own: the last query must not be destroyed by the callback while it is still on the stack.
void ModelLister::QueryEnded() {
  if (--open_ != 0) return;
  loop_.Post([this, alive = alive_] {
    if (!*alive) return;
    std::vector<ModelReport> reports;
    reports.reserve(queries_.size());
    for (auto& query : queries_) reports.push_back(query->TakeReport());
    done_(std::move(reports));
  });
}

}  // namespace sluice::exchange
