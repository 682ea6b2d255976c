#ifndef SLUICE_SERVER_EDGE_OTLP_TO_OTLP_H_
#define SLUICE_SERVER_EDGE_OTLP_TO_OTLP_H_

#include <string>
#include <vector>

#include "server/telemetry/span.h"
#include "trace_service.pb.h"

namespace sluice::edge_otlp {

namespace pb = opentelemetry::proto::collector::trace::v1;

// What a collector is sent for these spans. `service` is the resource's service.name.
pb::ExportTraceServiceRequest ToOtlp(const std::vector<telemetry::Span>& spans, const std::string& service,
                                     const std::string& version);

}  // namespace sluice::edge_otlp

#endif  // SLUICE_SERVER_EDGE_OTLP_TO_OTLP_H_
