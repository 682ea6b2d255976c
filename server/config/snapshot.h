#ifndef SLUICE_SERVER_CONFIG_SNAPSHOT_H_
#define SLUICE_SERVER_CONFIG_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/config/secret.h"
#include "server/telemetry/log.h"

namespace sluice::config {

// The configuration as the rest of the gateway sees it: checked, with every default filled in. The meaning, unit and
// range of each value stand in proto/sluice/config/v1/config.proto. loader.h makes Snapshots; they never change
// afterwards, so a running call keeps the one it began with. All types compare by value, so that a reload sees what
// changed.

struct ListenerTls {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  // "": callers need no certificate
  // The files' contents, PEM.
  std::string certificate_chain;
  Secret private_key;
  std::string client_ca;
  // When the first certificate of each text expires; client_ca's only where there is one.
  absl::Time certificate_expiry = absl::InfiniteFuture();
  absl::Time client_ca_expiry = absl::InfiniteFuture();
  bool operator==(const ListenerTls&) const = default;
};

struct GrpcListener {
  std::string address = "127.0.0.1:50051";
  std::optional<ListenerTls> tls;  // none: plaintext
  bool operator==(const GrpcListener&) const = default;
};

struct Listen {
  GrpcListener grpc;
  std::string ops = "127.0.0.1:9090";
  bool operator==(const Listen&) const = default;
};

struct Timeouts {
  absl::Duration pool = absl::Seconds(30);
  absl::Duration connect = absl::Seconds(10);
  absl::Duration tls = absl::Seconds(10);
  absl::Duration send = absl::Seconds(10);
  absl::Duration first_byte = absl::Seconds(120);
  absl::Duration first_output = absl::Seconds(120);
  absl::Duration idle = absl::Seconds(120);
  absl::Duration total = absl::Minutes(30);
  bool operator==(const Timeouts&) const = default;
};

struct PoolLimits {
  int connections = 1024;
  int idle = 20;  // never above connections
  absl::Duration idle_expiry = absl::Seconds(300);
  bool operator==(const PoolLimits&) const = default;
};

// Before the first output only.
struct Retry {
  int attempts = 3;  // in all, the first included
  absl::Duration base = absl::Milliseconds(250);
  absl::Duration cap = absl::Seconds(8);  // never below base
  double budget = 0.2;
  bool operator==(const Retry&) const = default;
};

// Where a server departs from its dialect; "" is the dialect's own.
struct Wire {
  enum class TokenLimit { kAsAsked, kMaxTokens, kMaxCompletionTokens };
  enum class Reasoning { kEffort, kBudget };
  std::string chat_path;  // under base_url
  std::string models_path;
  std::string auth_header;
  std::string auth_prefix;  // with auth_header only
  TokenLimit token_limit = TokenLimit::kAsAsked;
  bool ask_usage = true;
  Reasoning reasoning = Reasoning::kEffort;
  bool think_tags = false;
  bool operator==(const Wire&) const = default;
};

// Whether a caller's own key is taken in place of the upstream's.
enum class CallerKey { kRefused, kAllowed, kRequired };

struct Upstream {
  std::string name;
  std::string dialect;   // one of those the loader was given
  std::string base_url;  // without a trailing slash, query or credentials
  Secret api_key;        // empty: no credentials are sent
  std::string ca_file;   // "": the system's authorities
  std::string ca_pem;    // contents of ca_file
  Secret proxy;          // empty: direct; secret because its URL may carry a password
  bool http2 = false;
  Timeouts timeouts;
  PoolLimits pool;
  Retry retry;
  Wire wire;
  bool drops_unsupported = false;  // what the dialect cannot say is left out with a warning, not refused
  CallerKey caller_key = CallerKey::kRefused;
  std::optional<double> default_temperature;
  std::optional<int32_t> default_max_tokens;
  std::vector<std::pair<std::string, Secret>> headers;  // sorted by name
  bool operator==(const Upstream&) const = default;
};

struct Route {
  std::vector<std::string> models;  // exact names, "prefix*", "*"; each pattern stands once in the whole Snapshot
  std::string upstream;             // the name of one of Snapshot::upstreams
  std::string model;                // "": the caller's word is passed on
  bool operator==(const Route&) const = default;
};

struct Limits {
  absl::Duration caller_stall = absl::Seconds(30);
  absl::Duration drain = absl::Minutes(10);
  size_t request_bytes = size_t{32} << 20;
  size_t event_bytes = size_t{8} << 20;
  size_t buffer_high = size_t{256} << 10;
  size_t buffer_low = size_t{128} << 10;  // below buffer_high
  int messages = 10'000;
  int json_depth = 512;
  size_t header_bytes = size_t{16} << 10;
  int open_calls = 10'000;
  int queued_calls = 1'000;
  absl::Duration queue_wait = absl::Seconds(10);
  int connection_streams = 10'000;
  size_t complete_bytes = size_t{4} << 20;
  absl::Duration connection_age = absl::InfiniteDuration();
  bool operator==(const Limits&) const = default;
};

// Spans for a trace collector.
struct Traces {
  std::string address;  // host:port; "" sends none
  bool tls = false;
  double sample = 0.1;
  std::string service_name = "sluice";
  std::vector<std::pair<std::string, Secret>> headers;
  std::string ca_pem;  // "": the system's authorities
  bool operator==(const Traces&) const = default;
};

// A file the Snapshot was made from, and a fingerprint of the bytes that were read.
struct SourceFile {
  std::string path;
  size_t fingerprint = 0;
  bool operator==(const SourceFile&) const = default;
};
size_t Fingerprint(absl::string_view bytes);

struct Snapshot {
  Listen listen;
  std::vector<Upstream> upstreams;  // at least one, sorted by name
  std::vector<Route> routes;        // empty: the sole upstream takes every model
  std::string default_model;        // "": a request has to name its model
  Limits limits;
  Traces traces;
  telemetry::Level log_level = telemetry::Level::kInfo;
  int engines = 0;  // 0: one for every two cores
  bool expose_provider_text = false;
  std::vector<SourceFile> files;  // what Watcher has to watch: the file itself, keys, certificates

  // The upstream of that name, or nullptr.
  const Upstream* FindUpstream(absl::string_view name) const;
};

// One paragraph for --check-config and the log's first line. Holds no secret.
std::string Describe(const Snapshot& snapshot);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_SNAPSHOT_H_
