#ifndef SLUICE_SERVER_EDGE_OTLP_EXPORTER_H_
#define SLUICE_SERVER_EDGE_OTLP_EXPORTER_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/edge/otlp/to_otlp.h"
#include "server/telemetry/span_queue.h"
#include "trace_service.grpc.pb.h"

namespace sluice::edge_otlp {

struct ExporterOptions {
  std::string address;  // host:port
  bool tls = false;
  std::string ca_pem;                                        // authorities of the collector; "": the system's
  std::vector<std::pair<std::string, std::string>> headers;  // metadata of each export, such as a key
  std::string service = "sluice";
  std::string version;
  std::chrono::milliseconds linger = std::chrono::seconds(1);     // a batch waits so long for more spans
  std::chrono::milliseconds deadline = std::chrono::seconds(10);  // of one export
  std::chrono::milliseconds retry_base = std::chrono::seconds(1);
  std::chrono::milliseconds last_words = std::chrono::seconds(2);  // for what is left when the gateway ends
};

// Sends the queue's spans to a collector, by OTLP over gRPC, from a thread of its own. What may pass is tried again,
// five times with doubling waits, and not sooner than the collector says (RetryInfo, up to a minute); meanwhile the
// queue fills, and drops what comes beyond it.
class Exporter {
 public:
  // `queue` outlives the exporter.
  Exporter(ExporterOptions options, telemetry::SpanQueue* queue);
  // Closes the queue and sends what it has left, for `last_words` at most.
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

 private:
  void Run();
  void Send(const std::vector<telemetry::Span>& batch);
  grpc::Status TryOnce(const pb::ExportTraceServiceRequest& request, size_t spans);
  bool WaitForAnotherTry(std::chrono::milliseconds delay);
  std::chrono::milliseconds TimeForOne() const;

  const ExporterOptions options_;
  telemetry::SpanQueue* const queue_;
  const std::unique_ptr<pb::TraceService::Stub> stub_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  bool done_ = false;  // the thread has nothing left
  std::chrono::steady_clock::time_point end_by_{};
  std::unique_ptr<grpc::ClientContext> running_;  // the export under way, to be cancelled when the time is over
  std::thread thread_;
};

}  // namespace sluice::edge_otlp

#endif  // SLUICE_SERVER_EDGE_OTLP_EXPORTER_H_
