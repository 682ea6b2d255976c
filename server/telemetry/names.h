#ifndef SLUICE_SERVER_TELEMETRY_NAMES_H_
#define SLUICE_SERVER_TELEMETRY_NAMES_H_

// Every metric's name, labels and help, in this one place: the OpenTelemetry GenAI conventions are still moving, and a
// rename must touch nothing else. reference.py reads the definitions below to make the README's table.

#include <array>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::telemetry {

enum class MetricKind { kCounter, kGauge, kHistogram };

struct MetricInfo {
  const char* name;
  MetricKind kind;
  std::array<const char*, 6> labels;  // unused places are null
  const char* help;                   // the unit and the meaning, one line
};

// ---- A call, as the caller sees it (OpenTelemetry GenAI conventions, server side).

inline constexpr MetricInfo kServerDuration = {
    "gen_ai_server_request_duration_seconds",
    MetricKind::kHistogram,
    {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model", "server_address",
     "error_type"},
    "Seconds from a call's arrival to its status, retries included; error_type is empty when the call succeeded."};
inline constexpr MetricInfo kTimeToFirstToken = {
    "gen_ai_server_time_to_first_token_seconds",
    MetricKind::kHistogram,
    {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model",
     "server_address"},
    "Seconds from a call's arrival to its first output: text, reasoning, refusal or tool call, not the role chunk."};
inline constexpr MetricInfo kTimePerOutputToken = {"gen_ai_server_time_per_output_token_seconds",
                                                   MetricKind::kHistogram,
                                                   {"gen_ai_operation_name", "gen_ai_provider_name",
                                                    "gen_ai_request_model", "gen_ai_response_model", "server_address"},
                                                   "Seconds per output token after the first, averaged over one call."};

// ---- An attempt, one request to an upstream (OpenTelemetry GenAI conventions, client side).

inline constexpr MetricInfo kClientDuration = {
    "gen_ai_client_operation_duration_seconds",
    MetricKind::kHistogram,
    {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model", "server_address",
     "error_type"},
    "Seconds of one attempt, one request to the upstream; error_type is empty when the attempt succeeded."};
inline constexpr MetricInfo kTokenUsage = {
    "gen_ai_client_token_usage",
    MetricKind::kHistogram,
    {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "gen_ai_response_model", "server_address",
     "gen_ai_token_type"},
    "Tokens of one attempt as the upstream counted them; gen_ai_token_type is input or output."};

// ---- The gateway's own.

inline constexpr MetricInfo kCalls = {"sluice_calls_total",
                                      MetricKind::kCounter,
                                      {"operation", "route", "upstream", "code"},
                                      "Calls ended, by gRPC status code."};
inline constexpr MetricInfo kOpenStreams = {
    "sluice_open_streams", MetricKind::kGauge, {"operation", "route", "upstream"}, "Calls begun and not yet ended."};
inline constexpr MetricInfo kDeltas = {"sluice_deltas_total",
                                       MetricKind::kCounter,
                                       {"operation", "route", "upstream"},
                                       "Deltas delivered to callers; a running stream's are added now and then."};
inline constexpr MetricInfo kDeltaGap = {"sluice_delta_gap_seconds",
                                         MetricKind::kHistogram,
                                         {"upstream"},
                                         "Seconds between two deltas of one stream as they leave for the caller."};
inline constexpr MetricInfo kOverhead = {
    "sluice_overhead_seconds",
    MetricKind::kHistogram,
    {"operation"},
    "Seconds that the gateway itself added to a call before its first output left; waiting for upstreams excluded."};
inline constexpr MetricInfo kCallerBytes = {
    "sluice_caller_bytes_total",
    MetricKind::kCounter,
    {"direction"},
    "Bytes of messages from (in) and to (out) callers, added when a call ends."};
inline constexpr MetricInfo kPauses = {"sluice_backpressure_pauses_total",
                                       MetricKind::kCounter,
                                       {"upstream"},
                                       "Times an upstream was paused because its caller read too slowly."};
inline constexpr MetricInfo kAttempts = {"sluice_attempts_total",
                                         MetricKind::kCounter,
                                         {"upstream", "outcome"},
                                         "Attempts ended; outcome is ok or the kind of error."};
inline constexpr MetricInfo kTokens = {"sluice_tokens_total",
                                       MetricKind::kCounter,
                                       {"upstream", "model", "type"},
                                       "Tokens as the upstreams counted them; type is input or output."};
inline constexpr MetricInfo kTokensEstimated = {
    "sluice_tokens_estimated_total",
    MetricKind::kCounter,
    {"upstream", "model", "type"},
    "Tokens that the gateway estimated because the answer ended before the upstream's count came; in no other metric."};
inline constexpr MetricInfo kTimeouts = {
    "sluice_timeouts_total",
    MetricKind::kCounter,
    {"upstream", "timer"},
    "Timers fired: pool, connect, tls, send, first_byte, first_output, idle of an attempt; total, caller_stall of a "
    "call."};
inline constexpr MetricInfo kRetries = {
    "sluice_retries_total",
    MetricKind::kCounter,
    {"upstream", "cause"},
    "Attempts made again; cause is the kind of error that the one before ended with."};
inline constexpr MetricInfo kRetriesDenied = {"sluice_retries_denied_total",
                                              MetricKind::kCounter,
                                              {"upstream"},
                                              "Retries not made because the upstream's retry budget was used up."};
inline constexpr MetricInfo kUpstreamBytes = {
    "sluice_upstream_bytes_total",
    MetricKind::kCounter,
    {"upstream", "direction"},
    "Bytes of bodies to (out) and from (in) an upstream, added when an attempt ends."};
inline constexpr MetricInfo kPoolConnections = {"sluice_pool_connections",
                                                MetricKind::kGauge,
                                                {"upstream", "state"},
                                                "Connections to an upstream now, by state: in_use or idle."};
inline constexpr MetricInfo kPoolConnectionsLimit = {"sluice_pool_connections_limit",
                                                     MetricKind::kGauge,
                                                     {"upstream"},
                                                     "Connections that an upstream may have: pool.connections."};
inline constexpr MetricInfo kPoolWaiting = {"sluice_pool_waiting",
                                            MetricKind::kGauge,
                                            {"upstream"},
                                            "Requests waiting now for a free connection to an upstream."};
inline constexpr MetricInfo kPoolOpened = {
    "sluice_pool_opened_total", MetricKind::kCounter, {"upstream"}, "Connections opened to an upstream."};
inline constexpr MetricInfo kLimitsReached = {
    "sluice_limits_reached_total",
    MetricKind::kCounter,
    {"limit"},
    "Calls refused or ended by a limit of the gateway's own; limit is its name in the configuration."};
inline constexpr MetricInfo kQueuedCalls = {
    "sluice_queued_calls", MetricKind::kGauge, {}, "Calls that wait now for one of limits.open_calls to end."};
inline constexpr MetricInfo kOpenCallsLimit = {
    "sluice_open_calls_limit", MetricKind::kGauge, {}, "Calls that may be open at one time: limits.open_calls."};
inline constexpr MetricInfo kCallFailures = {
    "sluice_call_failures_total",
    MetricKind::kCounter,
    {"upstream", "cause"},
    "Calls that failed, and not by their caller's fault; cause is the kind of error. Not among them: wrong or too "
    "large "
    "requests, callers' own keys and deadlines, callers that left or did not read."};
inline constexpr MetricInfo kStreamsCut = {
    "sluice_streams_cut_total",
    MetricKind::kCounter,
    {"upstream", "cause"},
    "Chat calls that failed after their first output had left for the caller; cause is the kind of error. Calls that "
    "their caller ended are not among them."};
inline constexpr MetricInfo kDrainingSince = {
    "sluice_draining_since_timestamp_seconds",
    MetricKind::kGauge,
    {},
    "When the gateway began to drain, seconds since the Unix epoch; 0 while it serves."};
inline constexpr MetricInfo kDrainLimit = {"sluice_drain_limit_seconds",
                                           MetricKind::kGauge,
                                           {},
                                           "Seconds that running streams may take when the gateway "
                                           "drains: limits.drain."};
inline constexpr MetricInfo kCertificateExpiry = {
    "sluice_certificate_expiry_timestamp_seconds",
    MetricKind::kGauge,
    {"certificate"},
    "When the first certificate of listen.grpc.tls.cert (server) or client_ca expires, seconds since the Unix epoch."};
inline constexpr MetricInfo kSpans = {"sluice_spans_total",
                                      MetricKind::kCounter,
                                      {"result"},
                                      "Spans made for the trace collector: sent, dropped (the queue was full) or "
                                      "failed (the collector did not take them)."};
inline constexpr MetricInfo kReloads = {"sluice_reloads_total",
                                        MetricKind::kCounter,
                                        {"result"},
                                        "Reloads of the configuration; failed ones left the old one in force."};
inline constexpr MetricInfo kReloadSuccessful = {
    "sluice_config_last_reload_successful",
    MetricKind::kGauge,
    {},
    "1 where the configuration as it was last read was taken, 0 where it was refused and an older one stays."};
inline constexpr MetricInfo kBuildInfo = {
    "sluice_build_info", MetricKind::kGauge, {"version"}, "Always 1; the label carries the version that runs."};

// ---- The process (the names that every Prometheus client library uses).

inline constexpr MetricInfo kProcessCpu = {
    "process_cpu_seconds_total", MetricKind::kCounter, {}, "Seconds of CPU used, user and system together."};
inline constexpr MetricInfo kProcessResident = {
    "process_resident_memory_bytes", MetricKind::kGauge, {}, "Bytes of memory resident now."};
inline constexpr MetricInfo kProcessOpenFds = {
    "process_open_fds", MetricKind::kGauge, {}, "File descriptors open now."};
inline constexpr MetricInfo kProcessMaxFds = {
    "process_max_fds", MetricKind::kGauge, {}, "File descriptors that the process may open."};
inline constexpr MetricInfo kProcessStart = {
    "process_start_time_seconds", MetricKind::kGauge, {}, "Start of the process, seconds since the Unix epoch."};
inline constexpr MetricInfo kProcessThreads = {"process_threads", MetricKind::kGauge, {}, "Threads running now."};

inline constexpr std::array kAllMetrics = {&kServerDuration,
                                           &kTimeToFirstToken,
                                           &kTimePerOutputToken,
                                           &kClientDuration,
                                           &kTokenUsage,
                                           &kCalls,
                                           &kOpenStreams,
                                           &kDeltas,
                                           &kDeltaGap,
                                           &kOverhead,
                                           &kCallerBytes,
                                           &kPauses,
                                           &kAttempts,
                                           &kTokens,
                                           &kTokensEstimated,
                                           &kTimeouts,
                                           &kRetries,
                                           &kRetriesDenied,
                                           &kUpstreamBytes,
                                           &kPoolConnections,
                                           &kPoolConnectionsLimit,
                                           &kPoolWaiting,
                                           &kPoolOpened,
                                           &kLimitsReached,
                                           &kQueuedCalls,
                                           &kOpenCallsLimit,
                                           &kCallFailures,
                                           &kStreamsCut,
                                           &kDrainingSince,
                                           &kDrainLimit,
                                           &kCertificateExpiry,
                                           &kSpans,
                                           &kReloads,
                                           &kReloadSuccessful,
                                           &kBuildInfo,
                                           &kProcessCpu,
                                           &kProcessResident,
                                           &kProcessOpenFds,
                                           &kProcessMaxFds,
                                           &kProcessStart,
                                           &kProcessThreads};

// ---- Label values that are not the configuration's.

// The conventions' word for who answers in a dialect (gen_ai.provider.name), in metrics and traces alike.
inline absl::string_view ProviderName(absl::string_view dialect) {
  return dialect == "gemini" ? absl::string_view("gcp.gemini") : dialect;
}

// The conventions know one chat operation, streamed or gathered; sluice_calls_total tells the two apart.
inline constexpr char kGenAiOperation[] = "chat";
inline constexpr char kInput[] = "input";
inline constexpr char kOutput[] = "output";
inline constexpr char kIn[] = "in";
inline constexpr char kOut[] = "out";
inline constexpr char kOk[] = "ok";
inline constexpr char kFailed[] = "failed";
inline constexpr char kInUse[] = "in_use";
inline constexpr char kIdle[] = "idle";
inline constexpr char kServerCertificate[] = "server";
inline constexpr char kClientCa[] = "client_ca";
inline constexpr char kSent[] = "sent";
inline constexpr char kDropped[] = "dropped";
inline constexpr char kOther[] = "other";

// The timers a call can end by, as errors name them. Their series exist from the start with 0, so that a rate sees the
// first one that fires.
inline constexpr std::array kTimers = {"pool",         "connect", "tls",   "send",        "first_byte",
                                       "first_output", "idle",    "total", "caller_stall"};

// The same is true of the codes and kinds of error that operators are woken for.
inline constexpr std::array kUsualCodes = {"OK", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE"};
inline constexpr std::array kUsualOutcomes = {
    "authentication", "deadline",   "malformed",    "not_found", "not_sse",   "overloaded", "permission",
    "quota",          "rate_limit", "server_error", "timeout",   "truncated", "unreachable"};
inline constexpr std::array kUsualFailures = {"authentication", "draining",       "internal",     "malformed",
                                              "not_sse",        "overloaded",     "permission",   "pool_timeout",
                                              "quota",          "rate_limit",     "server_error", "timeout",
                                              "too_large",      "too_many_calls", "truncated",    "unreachable"};
inline constexpr std::array kUsualCuts = {"truncated", "timeout",   "server_error", "overloaded",
                                          "malformed", "too_large", "draining"};

// ---- Upper bounds of the histograms, each included in its bucket. The GenAI ones are the conventions' advice; time to
// first token goes on to 60 s because reasoning models think that long, and time per token begins at 1 ms because
// small local models are that fast.

inline const std::vector<double> kDurationBounds = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                                    1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
inline const std::vector<double> kTimeToFirstTokenBounds = {0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25,
                                                            0.5,   0.75,  1,    2.5,  5,    7.5,  10,   30,  60};
inline const std::vector<double> kTimePerTokenBounds = {0.001, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15,
                                                        0.2,   0.3,  0.4,   0.5,  0.75,  1,   2.5};
inline const std::vector<double> kTokenBounds = {1,     4,     16,     64,      256,     1024,     4096,
                                                 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864};
inline const std::vector<double> kOverheadBounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                                    0.005,   0.01,   0.025,   0.05,   0.1,   0.25};

}  // namespace sluice::telemetry

#endif  // SLUICE_SERVER_TELEMETRY_NAMES_H_
