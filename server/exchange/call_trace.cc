#include "server/exchange/call_trace.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/chat/status.h"
#include "server/exchange/failures.h"
#include "server/telemetry/names.h"

namespace sluice::exchange {
namespace {

using Attributes = telemetry::Span::Attributes;

// What a provider or a caller has put where a name belongs: of a name's length, and no sentence.
constexpr size_t kMaxName = 128;
std::string NameOrNothing(absl::string_view text) {
  return IsName(text) ? std::string(text.substr(0, kMaxName)) : std::string();
}

// Which statuses are a server's failure: OpenTelemetry's conventions for gRPC. A wrong request or a caller that leaves
// is not.
bool IsServersFailure(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

template <typename T>
void AddIf(const char* name, const std::optional<T>& value, Attributes* out) {
  if (!value) return;
  if constexpr (std::is_floating_point_v<T>) {
    out->emplace_back(name, static_cast<double>(*value));
  } else {
    out->emplace_back(name, static_cast<int64_t>(*value));
  }
}

// gen_ai.output.type: what the caller wants to get; "" where it does not say.
std::string OutputType(const chat::Request& request) {
  const auto& modalities = request.modalities;
  if (std::find(modalities.begin(), modalities.end(), chat::Modality::kAudio) != modalities.end()) return "speech";
  if (!request.response_format || !request.response_format->kind) return "";
  return *request.response_format->kind == chat::ResponseFormat::Kind::kText ? "text" : "json";
}

}  // namespace

void CallTrace::Begin(absl::string_view traceparent, absl::string_view tracestate,
                      std::shared_ptr<telemetry::Tracing> tracing) {
  tracing_ = std::move(tracing);
  place_ = telemetry::PlaceCall(traceparent, tracestate, tracing_.get());
  if (!place_.recorded) return;
  wall_zero_ = clock_.WallNow();
  mono_zero_ = clock_.Now();
}

void CallTrace::Asked(const chat::Request& request, const Backend& backend) {
  if (!place_.recorded) return;
  model_ = request.model.substr(0, Utf8Boundary(request.model, kMaxName));
  asked_.emplace_back("gen_ai.operation.name", std::string("chat"));
  asked_.emplace_back("gen_ai.provider.name", std::string(telemetry::ProviderName(backend.codec->name())));
  asked_.emplace_back("gen_ai.request.model", model_);
  const dialect::Generation generation = backend.codec->GenerationOf(request, backend.target);
  AddIf("gen_ai.request.max_tokens", generation.max_tokens, &asked_);
  AddIf("gen_ai.request.temperature", generation.temperature, &asked_);
  AddIf("gen_ai.request.top_p", request.top_p, &asked_);
  AddIf("gen_ai.request.frequency_penalty", request.frequency_penalty, &asked_);
  AddIf("gen_ai.request.presence_penalty", request.presence_penalty, &asked_);
  AddIf("gen_ai.request.seed", request.seed, &asked_);
  if (request.n.value_or(1) != 1) AddIf("gen_ai.request.choice.count", request.n, &asked_);
  if (std::string type = OutputType(request); !type.empty()) asked_.emplace_back("gen_ai.output.type", std::move(type));
  asked_.emplace_back("server.address", backend.server_address);
  asked_.emplace_back("server.port", int64_t{backend.server_port});
}

void CallTrace::Answered(absl::string_view completion_id, absl::string_view model) {
  if (!place_.recorded) return;
  completion_id_ = NameOrNothing(completion_id);
  answered_model_ = NameOrNothing(model);
}

void CallTrace::Finished(absl::string_view reason) {
  if (!place_.recorded) return;
  if (std::string name = NameOrNothing(reason); !name.empty()) finish_reasons_.push_back(std::move(name));
}

absl::Time CallTrace::WallAt(MonoTime when) const { return wall_zero_ + absl::FromChrono(when - mono_zero_); }

telemetry::Span CallTrace::NewSpan(MonoTime started, std::optional<MonoTime> first_output,
                                   const chat::Error* error) const {
  telemetry::Span span;
  span.trace_id = place_.trace_id;
  span.state = place_.state;
  span.start = WallAt(started);
  span.end = WallAt(clock_.Now());
  if (first_output) span.first_output = WallAt(*first_output);
  if (error != nullptr) {
    span.failed = true;
    span.message = chat::Reason(error->kind);
    span.attributes.emplace_back("error.type", std::string(chat::CauseName(*error)));
  }
  return span;
}

void CallTrace::AttemptEnded(int attempt, MonoTime started, std::optional<MonoTime> first_output,
                             const chat::Usage& usage, const chat::Error* error) {
  if (!place_.recorded) return;
  telemetry::Span span = NewSpan(started, first_output, error);
  span.span_id = telemetry::AttemptSpanId(place_, attempt);
  span.parent_id = place_.span_id;
  span.kind = telemetry::Span::Kind::kClient;
  span.name = absl::StrCat("chat ", model_);
  Attributes& out = span.attributes;
  out.insert(out.end(), asked_.begin(), asked_.end());
  out.emplace_back("sluice.attempt", int64_t{attempt});
  if (first_output) out.emplace_back("gen_ai.response.time_to_first_chunk", Seconds(*first_output - started));
  if (!completion_id_.empty()) out.emplace_back("gen_ai.response.id", std::exchange(completion_id_, {}));
  if (!answered_model_.empty()) out.emplace_back("gen_ai.response.model", std::exchange(answered_model_, {}));
  if (!finish_reasons_.empty()) out.emplace_back("gen_ai.response.finish_reasons", std::exchange(finish_reasons_, {}));
  if (!usage.estimated) {
    AddIf("gen_ai.usage.input_tokens", usage.prompt_tokens, &out);
    AddIf("gen_ai.usage.output_tokens", usage.completion_tokens, &out);
  }
  if (error == nullptr) {
    out.emplace_back("http.response.status_code", int64_t{200});
  } else if (error->http_status != 0) {
    out.emplace_back("http.response.status_code", int64_t{error->http_status});
  }
  tracing_->spans.Add(std::move(span));
}

void CallTrace::CallEnded(MonoTime received, std::optional<MonoTime> first_output, int attempts,
                          absl::string_view route, absl::string_view upstream, const chat::Error* error) {
  if (!place_.recorded) return;
  telemetry::Span span = NewSpan(received, first_output, error);
  span.span_id = place_.span_id;
  span.parent_id = place_.parent_id;
  span.kind = telemetry::Span::Kind::kServer;
  const absl::string_view method = operation_ == "chat" ? "Chat" : "Complete";
  span.name = absl::StrCat("sluice.v1.ChatService/", method);
  const auto code = error == nullptr ? absl::StatusCode::kOk : chat::CanonicalCode(error->kind);
  span.failed = IsServersFailure(code);
  Attributes& out = span.attributes;
  out.emplace_back("rpc.system", std::string("grpc"));
  out.emplace_back("rpc.service", std::string("sluice.v1.ChatService"));
  out.emplace_back("rpc.method", std::string(method));
  out.emplace_back("rpc.grpc.status_code", static_cast<int64_t>(code));
  if (!model_.empty()) out.emplace_back("gen_ai.request.model", model_);
  out.emplace_back("sluice.route", std::string(route));
  out.emplace_back("sluice.upstream", std::string(upstream));
  out.emplace_back("sluice.attempts", int64_t{attempts});
  tracing_->spans.Add(std::move(span));
}

}  // namespace sluice::exchange
