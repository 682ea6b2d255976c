#include "server/edge/otlp/to_otlp.h"

#include <type_traits>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"

namespace sluice::edge_otlp {
namespace {

uint64_t UnixNanos(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixNanos(time)); }

void Put(const telemetry::Span::Value& from, pb::AnyValue* to) {
  std::visit(
      [to](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::string>) {
          to->set_string_value(value);
        } else if constexpr (std::is_same_v<T, int64_t>) {
          to->set_int_value(value);
        } else if constexpr (std::is_same_v<T, double>) {
          to->set_double_value(value);
        } else {
          for (const std::string& each : value) to->mutable_array_value()->add_values()->set_string_value(each);
        }
      },
      from);
}

void Put(const telemetry::Span& from, pb::Span* to) {
  to->set_trace_id(absl::HexStringToBytes(from.trace_id));
  to->set_span_id(absl::HexStringToBytes(from.span_id));
  to->set_parent_span_id(absl::HexStringToBytes(from.parent_id));
  to->set_trace_state(from.state);
  to->set_name(from.name);
  to->set_kind(from.kind == telemetry::Span::Kind::kServer ? pb::Span::KIND_SERVER : pb::Span::KIND_CLIENT);
  to->set_start_time_unix_nano(UnixNanos(from.start));
  to->set_end_time_unix_nano(UnixNanos(from.end));
  for (const auto& [key, value] : from.attributes) {
    pb::KeyValue* attribute = to->add_attributes();
    attribute->set_key(key);
    Put(value, attribute->mutable_value());
  }
  if (from.first_output != absl::InfinitePast()) {
    pb::Span::Event* event = to->add_events();
    event->set_name("sluice.first_output");
    event->set_time_unix_nano(UnixNanos(from.first_output));
  }
  if (from.failed) {
    to->mutable_status()->set_code(pb::Status::CODE_ERROR);
    to->mutable_status()->set_message(from.message);
  }
}

}  // namespace

pb::ExportTraceServiceRequest ToOtlp(const std::vector<telemetry::Span>& spans, const std::string& service,
                                     const std::string& version) {
  pb::ExportTraceServiceRequest request;
  pb::ResourceSpans* resource = request.add_resource_spans();
  for (const auto& [key, value] : {std::pair{"service.name", service}, std::pair{"service.version", version}}) {
    pb::KeyValue* attribute = resource->mutable_resource()->add_attributes();
    attribute->set_key(key);
    attribute->mutable_value()->set_string_value(value);
  }
  pb::ScopeSpans* scope = resource->add_scope_spans();
  scope->mutable_scope()->set_name("sluice");
  scope->mutable_scope()->set_version(version);
  for (const telemetry::Span& span : spans) Put(span, scope->add_spans());
  return request;
}

}  // namespace sluice::edge_otlp
