#include "server/dialect/errors.h"

#include "absl/strings/ascii.h"
#include "server/base/utf8.h"
#include "server/dialect/error_body.h"
#include "server/dialect/error_kind.h"
#include "server/dialect/retry_after.h"

namespace sluice::dialect {
namespace {

constexpr size_t kMaxMessageBytes = 1024;
constexpr size_t kMaxPageBytes = 200;  // of a body that is no JSON: enough to know a proxy's page by
constexpr size_t kMaxNameBytes = 128;

std::string Cut(absl::string_view text, size_t max) { return std::string(text.substr(0, Utf8Boundary(text, max))); }

chat::Error MakeError(const ErrorBody& body, int http_status) {
  chat::Error error;
  error.kind = ClassifyError(body, http_status);
  error.message = ErrorMessage(error.kind, http_status);
  error.http_status = http_status;
  error.provider_code = Cut(body.code.empty() ? body.inner_code : body.code, kMaxNameBytes);
  error.provider_type = Cut(body.type.empty() ? body.status : body.type, kMaxNameBytes);
  error.provider_message = Cut(body.message, kMaxMessageBytes);
  error.request_id = Cut(body.request_id, kMaxNameBytes);
  return error;
}

absl::string_view FindHeader(const Headers& headers, absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

// No balance comes back by itself, and a delay beside a quota's 429 would invite retries.
bool WaitingHelps(chat::ErrorKind kind) {
  using enum chat::ErrorKind;
  return kind == kRateLimit || kind == kOverloaded || kind == kServerError || kind == kTimeout;
}

}  // namespace

bool IsError(json::Value root) {
  if (root.is_array() && root.is_filled()) return IsError(*root.elements().begin());
  return IsError(root.Find("error"), root.Find("object"), root.Find("type"));
}

bool IsError(json::Value error, json::Value object, json::Value type) {
  if ((error.is_object() || error.is_string()) && error.is_filled()) return true;
  return object.AsString() == "error" || type.AsString() == "error";
}

bool IsFlatError(json::Value root) {
  for (const char* key : {"detail", "message", "msg"}) {
    if (root.Find(key).is_filled()) return true;
  }
  return false;
}

chat::Error ReadError(json::Value root, int http_status) { return MakeError(ReadErrorBody(root), http_status); }

chat::Error ReadErrorText(absl::string_view text, int http_status) {
  ErrorBody body;
  body.message = Cut(absl::StripAsciiWhitespace(text), kMaxPageBytes);
  return MakeError(body, http_status);
}

chat::Error DecodeFailure(const HttpFailure& failure) {
  const std::string text = RepairUtf8(failure.body);
  json::Tape tape;
  const bool is_json =
      tape.Parse(text) == json::Tape::Result::kOk && (tape.root().is_object() || tape.root().is_array());
  chat::Error error = is_json ? ReadError(tape.root(), failure.status) : ReadErrorText(text, failure.status);
  for (const char* name : {"x-request-id", "request-id"}) {
    const absl::string_view id = FindHeader(failure.headers, name);
    if (id.empty()) continue;
    error.request_id = Cut(RepairUtf8(id), kMaxNameBytes);
    break;
  }
  const absl::string_view should_retry = FindHeader(failure.headers, "x-should-retry");
  if (should_retry == "true" || should_retry == "false") error.should_retry = should_retry == "true";
  if (!WaitingHelps(error.kind)) return error;
  // In milliseconds first: it is the finer one.
  error.retry_after = ParseRetryAfterMs(FindHeader(failure.headers, "retry-after-ms"));
  if (!error.retry_after.has_value()) {
    error.retry_after = ParseRetryAfter(FindHeader(failure.headers, "retry-after"), failure.now);
  }
  return error;
}

}  // namespace sluice::dialect
