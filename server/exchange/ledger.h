#ifndef SLUICE_SERVER_EXCHANGE_LEDGER_H_
#define SLUICE_SERVER_EXCHANGE_LEDGER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/clock.h"
#include "server/chat/error.h"
#include "server/chat/event.h"
#include "server/exchange/call_trace.h"
#include "server/exchange/plan.h"
#include "server/telemetry/metrics.h"

namespace sluice::exchange {

// What one call did, noted while it runs; turned into metrics and the one access line when it ends. Used on the
// engine's thread. Call order: construct, Routed (if a route was found), AttemptStarted/AttemptEnded in pairs, with
// Retried after each but the last, Close.
class Ledger {
 public:
  Ledger(const Clock& clock, Operation operation, std::string request_id, std::string peer,
         std::shared_ptr<const Plan> plan);
  // A ledger that was not closed closes itself as cancelled: no call leaves without a line.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void Routed(const route::Match& match, absl::string_view asked_model);
  void AttemptStarted();
  void AttemptEnded(const chat::Error* error, uint64_t bytes_out, uint64_t bytes_in);
  CallTrace& trace() { return trace_; }
  void Retried(const chat::Error& error);  // another attempt follows; what this one brought does not count
  void RetryDenied();                      // ... would, did the upstream's budget allow it
  void Delta();                            // one delta goes to the caller
  void FirstOutputLeft();                  // the first output was handed to the transport
  void UsageSeen(const chat::Usage& usage) { usage_ = usage; }
  void UpstreamPaused();
  void AddBytesFromCaller(uint64_t n) { bytes_from_caller_ += n; }
  void AddBytesToCaller(uint64_t n) { bytes_to_caller_ += n; }
  void set_provider_request_id(absl::string_view id) { provider_request_id_ = std::string(id); }

  // The call is over for the caller. Counts once; later calls do nothing.
  void Close(const chat::Error* error);

  const std::string& request_id() const { return request_id_; }
  int attempt() const { return attempt_; }
  // For the line and the metrics; empty fields where neither the provider nor our estimate gave any.
  const chat::Usage& usage() const { return usage_; }

 private:
  std::optional<MonoTime> FirstOutput() const;
  telemetry::CallRecord MakeRecord(const chat::Error* error, MonoTime now) const;
  void WriteAccessLine(const chat::Error* error, const telemetry::CallRecord& record) const;

  const Clock& clock_;
  const Operation operation_;
  const std::string request_id_;
  const std::string peer_;
  const std::shared_ptr<const Plan> plan_;
  std::shared_ptr<telemetry::Series> series_;
  std::string route_ = "none";
  std::string upstream_ = "none";
  std::string model_;
  std::string provider_request_id_;
  const MonoTime received_;
  MonoTime first_attempt_{};
  MonoTime attempt_started_{};
  MonoTime first_output_{};
  MonoTime first_output_left_{};
  telemetry::DeltaMeter meter_;
  MonoTime flushed_;
  chat::Usage usage_;
  uint64_t bytes_from_caller_ = 0;
  uint64_t bytes_to_caller_ = 0;
  int attempt_ = 0;
  CallTrace trace_;
  bool counted_open_ = false;  // among the open streams
  bool closed_ = false;
};

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_LEDGER_H_
