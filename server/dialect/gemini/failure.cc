#include "server/dialect/gemini/failure.h"

#include <cmath>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "server/base/utf8.h"
#include "server/dialect/error_kind.h"
#include "server/dialect/errors.h"

namespace sluice::dialect::gemini {
namespace {

// google.protobuf.Duration in JSON: "34.4s".
std::optional<absl::Duration> ReadDelay(absl::string_view text) {
  double seconds;
  if (!absl::ConsumeSuffix(&text, "s") || !absl::SimpleAtod(text, &seconds)) return std::nullopt;
  if (!std::isfinite(seconds) || seconds < 0) return std::nullopt;
  return absl::Seconds(seconds);
}

bool IsSpentForTheDay(json::Value quota_failure) {
  for (const json::Value violation : quota_failure.Find("violations").elements()) {
    if (absl::StrContains(violation.Find("quotaId").AsString(), "PerDay")) return true;
  }
  return false;
}

void ReadDetails(json::Value root, chat::Error& error) {
  using chat::ErrorKind;
  if (root.is_array() && root.is_filled()) root = *root.elements().begin();
  std::optional<absl::Duration> delay;
  ErrorKind kind = error.kind;
  for (const json::Value detail : root.Find("error").Find("details").elements()) {
    const absl::string_view reason = detail.Find("reason").AsString();
    if (kind == ErrorKind::kInvalidRequest && reason == "API_KEY_INVALID") kind = ErrorKind::kAuthentication;
    if (kind == ErrorKind::kRateLimit && IsSpentForTheDay(detail)) kind = ErrorKind::kQuota;
    if (const auto found = ReadDelay(detail.Find("retryDelay").AsString())) delay = found;
  }
  if (kind != error.kind) {
    error.kind = kind;
    error.message = ErrorMessage(kind, error.http_status);
    error.retry_after.reset();
  }
  const bool waiting_helps = kind == ErrorKind::kRateLimit || kind == ErrorKind::kOverloaded ||
                             kind == ErrorKind::kServerError || kind == ErrorKind::kTimeout;
  if (waiting_helps && !error.retry_after) error.retry_after = delay;
}

}  // namespace

chat::Error ReadFailure(json::Value root, int http_status) {
  chat::Error error = ReadError(root, http_status);
  ReadDetails(root, error);
  return error;
}

chat::Error DecodeFailure(const HttpFailure& failure) {
  chat::Error error = dialect::DecodeFailure(failure);
  const std::string text = RepairUtf8(failure.body);
  json::Tape tape;
  if (tape.Parse(text) == json::Tape::Result::kOk) ReadDetails(tape.root(), error);
  return error;
}

}  // namespace sluice::dialect::gemini
