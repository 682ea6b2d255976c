#include "tests/bench/guard/gateway.h"

#include <utility>
#include <vector>

#include "server/dialect/codec.h"
#include "server/edge/grpc/delta_split.h"
#include "server/edge/grpc/event_to_proto.h"
#include "server/edge/grpc/request_from_proto.h"
#include "server/telemetry/log.h"

namespace sluice::bench {
namespace {

constexpr char kModel[] = "gpt-4.1";
constexpr char kUpstream[] = "openai";

class SilentTransfer final : public upstream::Transfer {
 public:
  explicit SilentTransfer(uint64_t bytes_out) : bytes_out_(bytes_out) {}
  void Pause() override { paused_ = true; }
  void Resume() override { paused_ = false; }
  bool paused() const override { return paused_; }
  uint64_t bytes_in() const override { return 0; }
  uint64_t bytes_out() const override { return bytes_out_; }

 private:
  const uint64_t bytes_out_;
  bool paused_ = false;
};

exchange::RouteSeries Resolve(telemetry::Metrics& metrics, telemetry::SeriesLabels labels) {
  exchange::RouteSeries series;
  for (const auto operation : {exchange::Operation::kChat, exchange::Operation::kComplete}) {
    labels.operation = exchange::OperationName(operation);
    series.by_operation[static_cast<size_t>(operation)] = metrics.Resolve(labels);
  }
  return series;
}

std::shared_ptr<const exchange::Plan> MakePlan(telemetry::Metrics& metrics) {
  auto destination = std::make_shared<upstream::Destination>();
  destination->name = kUpstream;
  auto backend = std::make_shared<exchange::Backend>();
  backend->name = kUpstream;
  backend->codec = dialect::FindCodec("openai");
  backend->target.base_url = "https://api.openai.test/v1";
  backend->target.api_key = "sk-test";
  backend->destination = std::move(destination);
  auto plan = std::make_shared<exchange::Plan>();
  plan->backends = {std::move(backend)};
  plan->router = route::Router({{kModel, 0, ""}});
  plan->route_series = {Resolve(metrics, {"", kModel, kUpstream, "openai", kModel, "api.openai.test"})};
  plan->unrouted = Resolve(metrics, {"", "none", "none", "none", "other", "none"});
  return plan;
}

}  // namespace

std::unique_ptr<upstream::Transfer> SilentClient::Start(std::shared_ptr<const upstream::Destination> destination,
                                                        upstream::Request request, upstream::Receiver* receiver) {
  static_cast<void>(destination);
  receiver_ = receiver;
  return std::make_unique<SilentTransfer>(request.body.size());
}

void SilentClient::Retire(std::unique_ptr<upstream::Transfer> transfer) { transfer.reset(); }

Gateway::Gateway() : context_{loop_, client_, MakePlan(metrics_), random_} {
  telemetry::SetLogSink([this](absl::string_view line) { access_lines_ += line.empty() ? 0 : 1; });
}

Gateway::~Gateway() { telemetry::SetLogSink(nullptr); }

void Gateway::Turn(absl::Duration time) {
  clock_.Advance(absl::ToChronoNanoseconds(time));
  loop_.Turn(/*wait=*/false);
}

v1::ChatRequest UsualRequest() {
  v1::ChatRequest request;
  request.set_model(kModel);
  v1::Message* system = request.add_messages();
  system->set_role(v1::ROLE_SYSTEM);
  system->add_content()->set_text("You answer briefly, and say so when you do not know.");
  v1::Message* user = request.add_messages();
  user->set_role(v1::ROLE_USER);
  user->add_content()->set_text("What does a sluice do, and why is a \"lock\" not one?");
  request.set_temperature(0.7);
  request.set_max_completion_tokens(1000);
  return request;
}

Chat::Chat(Gateway& gateway)
    : gateway_(gateway),
      ledger_(gateway.context().loop.clock(), exchange::Operation::kChat, "0af7651916cd43dd8448eb211c80319c",
              "ipv4:127.0.0.1:4711", gateway.context().plan),
      exchange_(gateway.context(), {}, &ledger_, static_cast<exchange::Consumer*>(this)) {}

Chat::~Chat() = default;

void Chat::Start(v1::ChatRequest request) {
  std::vector<chat::FieldViolation> violations;
  ledger_.AddBytesFromCaller(request.ByteSizeLong());
  chat::Request plain = edge::RequestFromProto(&request, &violations);
  exchange_.Start(std::move(plain), std::move(violations));
  upstream_ = gateway_.client().TakeReceiver();
  upstream_->OnSent();
  upstream_->OnHead({200, {{"content-type", "text/event-stream"}, {"x-request-id", "req_0f4b1c"}}});
}

void Chat::Read(absl::string_view bytes) {
  if (!ended_) upstream_->OnBody(bytes);
  Flush();
}

void Chat::OnStarted(const exchange::Started& started) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  edge::FillStarted(started, message->mutable_started());
  Queued();
}

void Chat::OnDelta(const chat::Delta& delta) {
  ++counts_.deltas;
  counts_.text_bytes += delta.text.size() + delta.tool.arguments.size();
  edge::ForEachPiece(delta, [this](const chat::Delta& piece) {
    edge::FillDelta(piece, queue_.Add()->mutable_delta());
    Queued();
  });
}

void Chat::OnFinished(const chat::Finished& finished) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  edge::FillFinished(finished, message->mutable_finished());
  Queued();
}

void Chat::OnUsage(const chat::Usage& usage) {
  v1::ChatResponse* message = queue_.Add();
  message->Clear();
  edge::FillUsage(usage, message->mutable_usage());
  Queued();
}

void Chat::OnEnd(const chat::Error* error) {
  ended_ = true;
  counts_.complete = error == nullptr;
  ledger_.Close(error);
}

void Chat::Queued() {
  queue_.Commit();
  if (queue_.bytes() <= exchange_.plan().limits.buffer_high) return;
  holding_back_ = true;
  exchange_.Pause();
}

void Chat::Flush() {
  while (!queue_.empty()) WriteFront();
  if (std::exchange(holding_back_, false)) exchange_.Resume();
}

void Chat::WriteFront() {
  exchange_.Commit();
  const v1::ChatResponse& message = queue_.front();
  wire_.resize(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(wire_.data()));
  ++counts_.messages;
  counts_.bytes += wire_.size();
  if (!output_written_ && message.has_delta()) {
    output_written_ = true;
    ledger_.FirstOutputLeft();
  }
  ledger_.AddBytesToCaller(queue_.front_bytes());
  queue_.Pop();
}

}  // namespace sluice::bench
