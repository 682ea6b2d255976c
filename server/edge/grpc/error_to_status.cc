#include "server/edge/grpc/error_to_status.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/base/utf8.h"
#include "server/chat/status.h"
#include "sluice/rpc/v1/status.pb.h"

namespace sluice::edge {
namespace {

// A message travels in HTTP/2 trailers, which a client caps (8 KiB by default in gRPC).
constexpr size_t kMaxMessage = 1024;
constexpr size_t kMaxMetadataValue = 256;
constexpr size_t kMaxViolationBytes = 2048;

// A string field of a message must be UTF-8, or callers in most languages cannot read the details at all.
std::string Clip(absl::string_view text, size_t max) {
  std::string clipped = RepairUtf8(text.substr(0, max + 4));  // a character more, so that the cut is seen
  clipped.resize(Utf8Boundary(clipped, max));
  return clipped;
}

// The full name as readers in other languages know it: for our copies of google.rpc's messages, Google's.
void Pack(const google::protobuf::Message& detail, absl::string_view full_name, rpc::v1::Status* status) {
  auto* any = status->add_details();
  any->set_type_url(absl::StrCat("type.googleapis.com/", full_name));
  detail.SerializeToString(any->mutable_value());
}

void PutIfSet(const char* key, const std::string& value, rpc::v1::ErrorInfo* info) {
  if (!value.empty()) (*info->mutable_metadata())[key] = Clip(value, kMaxMetadataValue);
}

rpc::v1::ErrorInfo MakeInfo(const chat::Error& error) {
  rpc::v1::ErrorInfo info;
  info.set_domain("sluice");
  info.set_reason(chat::Reason(error.kind));
  PutIfSet("provider", error.upstream, &info);
  PutIfSet("model", error.model, &info);
  PutIfSet("provider_code", error.provider_code, &info);
  PutIfSet("provider_type", error.provider_type, &info);
  PutIfSet("provider_message", error.provider_message, &info);
  PutIfSet("request_id", error.request_id, &info);
  PutIfSet("stage", error.stage, &info);
  PutIfSet("limit", error.limit, &info);
  if (error.attempts > 0) (*info.mutable_metadata())["attempts"] = absl::StrCat(error.attempts);
  if (error.http_status != 0) (*info.mutable_metadata())["http_status"] = absl::StrCat(error.http_status);
  return info;
}

rpc::v1::BadRequest MakeBadRequest(const std::vector<chat::FieldViolation>& violations) {
  rpc::v1::BadRequest bad;
  size_t bytes = 0;
  for (const chat::FieldViolation& violation : violations) {
    auto* entry = bad.add_field_violations();
    bytes += violation.field.size() + violation.description.size();
    if (bytes > kMaxViolationBytes) {
      const size_t left = violations.size() - static_cast<size_t>(bad.field_violations_size()) + 1;
      entry->set_description(absl::StrCat("and ", left, " more"));
      break;
    }
    entry->set_field(RepairUtf8(violation.field));
    entry->set_description(RepairUtf8(violation.description));
  }
  return bad;
}

}  // namespace

grpc::Status ErrorToStatus(const chat::Error& error, const v1::Usage* usage) {
  rpc::v1::Status status;
  status.set_code(static_cast<int>(chat::CanonicalCode(error.kind)));
  status.set_message(Clip(error.message, kMaxMessage));
  Pack(MakeInfo(error), "google.rpc.ErrorInfo", &status);
  if (error.retry_after) {
    rpc::v1::RetryInfo retry;
    const int64_t nanos = absl::ToInt64Nanoseconds(*error.retry_after);
    retry.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
    Pack(retry, "google.rpc.RetryInfo", &status);
  }
  if (!error.violations.empty()) Pack(MakeBadRequest(error.violations), "google.rpc.BadRequest", &status);
  if (usage != nullptr) Pack(*usage, usage->GetDescriptor()->full_name(), &status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(), status.SerializeAsString());
}

}  // namespace sluice::edge
