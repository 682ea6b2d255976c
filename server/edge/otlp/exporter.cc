#include "server/edge/otlp/exporter.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <optional>

#include "server/base/random.h"
#include "server/telemetry/log.h"
#include "sluice/rpc/v1/status.pb.h"

namespace sluice::edge_otlp {
namespace {

// OTLP's advice and the collectors' own default.
constexpr size_t kBatch = 512;
constexpr int kTries = 5;

// A collector that wants more time than this is not waited for that long: the queue would be full anyway.
constexpr std::chrono::seconds kLongestWait(60);

using Clock = std::chrono::steady_clock;  // waits must not depend on whoever sets the other one

// How long the collector wants to be left alone; nothing where it does not say.
std::optional<std::chrono::milliseconds> RetryDelay(const grpc::Status& status) {
  rpc::v1::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& detail : details.details()) {
    rpc::v1::RetryInfo info;
    if (detail.type_url() != "type.googleapis.com/google.rpc.RetryInfo" || !info.ParseFromString(detail.value())) {
      continue;
    }
    // Bounded before it is converted: anything may stand there.
    const std::chrono::seconds whole(std::clamp<int64_t>(info.retry_delay().seconds(), 0, kLongestWait.count()));
    const std::chrono::nanoseconds rest(info.retry_delay().nanos());
    return std::clamp<std::chrono::milliseconds>(std::chrono::duration_cast<std::chrono::milliseconds>(whole + rest),
                                                 std::chrono::seconds(0), kLongestWait);
  }
  return std::nullopt;
}

// OTLP specification, "OTLP/gRPC failures": these may pass, all others are final. One that is out of resources says by
// a RetryInfo that it will have some again; without it the batch is too large for ever.
bool MayPass(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return RetryDelay(status).has_value();
    default:
      return false;
  }
}

std::shared_ptr<grpc::Channel> Connect(const ExporterOptions& options) {
  const auto credentials =
      options.tls ? grpc::SslCredentials({options.ca_pem, "", ""}) : grpc::InsecureChannelCredentials();
  grpc::ChannelArguments arguments;
  // The default grows to 120 s: a collector that is back would not be found for that long.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  // Finds a collector whose node is gone, also with a batch on the way (TCP_USER_TIMEOUT comes with it). Collectors
  // bear one ping in five minutes.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 310'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

}  // namespace

Exporter::Exporter(ExporterOptions options, telemetry::SpanQueue* queue)
    : options_(std::move(options)), queue_(queue), stub_(pb::TraceService::NewStub(Connect(options_))) {
  thread_ = std::thread([this] { Run(); });
}

Exporter::~Exporter() {
  queue_->Close();
  {
    std::unique_lock lock(mutex_);
    ending_ = true;
    end_by_ = Clock::now() + options_.last_words;
    changed_.notify_all();
    // What is under way has a deadline of its own, which may be later.
    if (!changed_.wait_until(lock, end_by_, [this] { return done_; }) && running_) running_->TryCancel();
  }
  thread_.join();
}

void Exporter::Run() {
  for (;;) {
    const std::vector<telemetry::Span> batch = queue_->Take(kBatch, options_.linger);
    if (batch.empty()) break;
    Send(batch);
  }
  const std::lock_guard lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

void Exporter::Send(const std::vector<telemetry::Span>& batch) {
  const pb::ExportTraceServiceRequest request = ToOtlp(batch, options_.service, options_.version);
  grpc::Status status;
  std::chrono::milliseconds delay = options_.retry_base;
  for (int i = 0; i < kTries; ++i) {
    status = TryOnce(request, batch.size());
    if (status.ok()) return;
    if (i + 1 == kTries || !MayPass(status)) break;
    if (!WaitForAnotherTry(std::max(delay, RetryDelay(status).value_or(delay)))) break;
    delay = std::min<std::chrono::milliseconds>(2 * delay, kLongestWait);
  }
  queue_->CountFailed(batch.size());
  telemetry::Log(telemetry::Level::kWarning, "spans lost: the trace collector does not take them",
                 {{"collector", options_.address},
                  {"spans", static_cast<int64_t>(batch.size())},
                  {"code", static_cast<int64_t>(status.error_code())},
                  {"error", status.error_message()}});
}

grpc::Status Exporter::TryOnce(const pb::ExportTraceServiceRequest& request, size_t spans) {
  {
    const std::lock_guard lock(mutex_);
    running_ = std::make_unique<grpc::ClientContext>();
    running_->set_deadline(std::chrono::system_clock::now() + TimeForOne());
  }
  for (const auto& [name, value] : options_.headers) running_->AddMetadata(name, value);
  pb::ExportTraceServiceResponse response;
  const grpc::Status status = stub_->Export(running_.get(), request, &response);
  {
    const std::lock_guard lock(mutex_);
    running_.reset();
  }
  if (!status.ok()) return status;
  const auto rejected = static_cast<size_t>(std::max<int64_t>(0, response.partial_success().rejected_spans()));
  queue_->CountFailed(std::min(rejected, spans));
  queue_->CountSent(spans - std::min(rejected, spans));
  if (!response.partial_success().error_message().empty()) {
    telemetry::Log(telemetry::Level::kWarning, "the trace collector has taken some spans only",
                   {{"collector", options_.address},
                    {"rejected", static_cast<int64_t>(rejected)},
                    {"error", response.partial_success().error_message()}});
  }
  return status;
}

// Waits for `delay` and up to half of it more, so that gateways do not come all at once. False where the end is nearer.
bool Exporter::WaitForAnotherTry(std::chrono::milliseconds delay) {
  const auto drawn = std::chrono::duration_cast<std::chrono::milliseconds>(delay * (1 + Random::Real().Uniform() / 2));
  const auto until = Clock::now() + drawn;
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [&] { return ending_ && end_by_ <= until; });
  return !ending_ || until < end_by_;
}

std::chrono::milliseconds Exporter::TimeForOne() const {
  if (!ending_) return options_.deadline;
  return std::min(options_.deadline, std::chrono::duration_cast<std::chrono::milliseconds>(end_by_ - Clock::now()));
}

}  // namespace sluice::edge_otlp
