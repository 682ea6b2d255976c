#include "tests/soak/reply.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/integration/chunks.h"

namespace sluice::soak {
namespace {

constexpr char kStreamHead[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

void AppendEvent(std::string* out, absl::string_view data) {
  absl::StrAppend(out, absl::Hex(data.size() + 8), "\r\ndata: ", data, "\n\n\r\n");
}

std::string ErrorReply(int status, absl::string_view type) {
  return WholeReply(status, "application/json", chunks::Error("as planned", type, type));
}

}  // namespace

std::string WholeReply(int status, const char* type, const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, " Planned\r\nContent-Type: ", type, "\r\nContent-Length: ", body.size(),
                      "\r\n\r\n", body);
}

Reply::Reply(std::shared_ptr<Record> record)
    : record_(std::move(record)),
      attempt_(++record_->attempts),
      fault_(attempt_ <= record_->plan.failing ? record_->plan.fault : Fault::kNone) {
  record_->sent = 0;
  if (attempt_ == 1) record_->first_attempt.set_value();
}

Reply::Action Reply::Step(std::string* out) {
  if (!std::exchange(thought_, true)) return {Next::kGoOn, record_->plan.thinking};
  if (!std::exchange(head_sent_, true)) return Head(out);
  return Delta(out);
}

Reply::Action Reply::Head(std::string* out) {
  switch (fault_) {
    case Fault::kRateLimit:
      absl::StrAppend(out, ErrorReply(429, "rate_limit_exceeded"));
      return {Next::kEnd};
    case Fault::kServerError:
      absl::StrAppend(out, ErrorReply(500, "server_error"));
      return {Next::kEnd};
    case Fault::kOverloaded:
      absl::StrAppend(out, ErrorReply(503, "overloaded"));
      return {Next::kEnd};
    case Fault::kNotSse:
      absl::StrAppend(out, WholeReply(200, "text/html", "<html><body>welcome</body></html>"));
      return {Next::kEnd};
    case Fault::kCutBeforeHead:
      return Cut();
    case Fault::kStallBeforeHead:
      return {Next::kStall};
    case Fault::kCutAfterHead:
      absl::StrAppend(out, kStreamHead);
      return Cut();
    default:
      absl::StrAppend(out, kStreamHead);
      AppendEvent(out, chunks::Role());
      return {Next::kGoOn};
  }
}

Reply::Action Reply::Delta(std::string* out) {
  const CallPlan& plan = record_->plan;
  if (next_ == plan.fault_at) {
    if (fault_ == Fault::kCutMidStream) return Cut();
    if (fault_ == Fault::kStallMidStream) return {Next::kStall};
    if (fault_ == Fault::kMalformed) {
      AppendEvent(out, R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"half)");
      return {Next::kStall};
    }
  }
  AppendEvent(out, chunks::Text(DeltaText(record_->number, attempt_, next_, plan.delta_bytes)));
  record_->sent = ++next_;
  if (next_ < plan.deltas) return {Next::kGoOn, plan.interval};
  AppendEvent(out, chunks::Finish());
  AppendEvent(out, chunks::Usage(static_cast<int>(record_->number % 1000), plan.deltas));
  AppendEvent(out, chunks::kDone);
  absl::StrAppend(out, "0\r\n\r\n");
  return {Next::kEnd};
}

}  // namespace sluice::soak
