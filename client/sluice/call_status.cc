#include "sluice/call_status.h"

#include <array>
#include <cstddef>
#include <utility>

#include "sluice/rpc/v1/status.pb.h"

namespace sluice {
namespace {

// Parses one detail if it is a message of that full name. The host before the slash is not compared: Any's rule
// is that only the last segment of the type URL names the type.
template <class Message>
bool Unpack(const google::protobuf::Any& detail, const std::string& name, Message* message) {
  const std::string& url = detail.type_url();
  const std::string suffix = "/" + name;
  if (url.size() < suffix.size() || url.compare(url.size() - suffix.size(), suffix.size(), suffix) != 0) return false;
  return message->ParseFromString(detail.value());
}

void AddDetail(const google::protobuf::Any& detail, CallStatus* status) {
  if (rpc::v1::ErrorInfo info; Unpack(detail, "google.rpc.ErrorInfo", &info)) {
    status->reason = info.reason();
    status->domain = info.domain();
    status->metadata.insert(info.metadata().begin(), info.metadata().end());
  } else if (rpc::v1::RetryInfo retry; Unpack(detail, "google.rpc.RetryInfo", &retry)) {
    status->retry_delay =
        std::chrono::seconds(retry.retry_delay().seconds()) + std::chrono::nanoseconds(retry.retry_delay().nanos());
  } else if (rpc::v1::BadRequest bad; Unpack(detail, "google.rpc.BadRequest", &bad)) {
    for (const auto& violation : bad.field_violations()) {
      status->violations.push_back({violation.field(), violation.description()});
    }
  } else if (v1::Usage usage; Unpack(detail, "sluice.v1.Usage", &usage)) {
    status->usage = std::move(usage);
  }
}

}  // namespace

std::string CodeName(grpc::StatusCode code) {
  static constexpr std::array<const char*, 17> kNames = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const auto number = static_cast<size_t>(code);
  return number < kNames.size() ? kNames[number] : "CODE_" + std::to_string(static_cast<int>(code));
}

std::string CallStatus::ToString() const {
  if (ok()) return "OK";
  std::string text = CodeName(code);
  if (!reason.empty()) text += " (" + reason + ")";
  if (!message.empty()) text += ": " + message;
  return text;
}

CallStatus DecodeStatus(const grpc::Status& status) {
  CallStatus decoded;
  decoded.code = status.error_code();
  decoded.message = status.error_message();
  rpc::v1::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) AddDetail(detail, &decoded);
  }
  return decoded;
}

}  // namespace sluice
