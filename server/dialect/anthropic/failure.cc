#include "server/dialect/anthropic/failure.h"

#include "absl/strings/match.h"
#include "server/dialect/error_kind.h"
#include "server/dialect/errors.h"

namespace sluice::dialect::anthropic {
namespace {

using chat::ErrorKind;

// The kind that an invalid request's message tells of.
ErrorKind KindOfMessage(absl::string_view message) {
  for (const char* words : {"prompt is too long", "exceed context limit"}) {
    if (absl::StrContains(message, words)) return ErrorKind::kContextLength;
  }
  if (absl::StrContains(message, "credit balance is too low")) return ErrorKind::kQuota;
  return ErrorKind::kInvalidRequest;
}

chat::Error Refine(chat::Error error) {
  if (error.kind != ErrorKind::kInvalidRequest) return error;
  error.kind = KindOfMessage(error.provider_message);
  error.message = ErrorMessage(error.kind, error.http_status);
  return error;
}

}  // namespace

chat::Error DecodeFailure(const HttpFailure& failure) { return Refine(dialect::DecodeFailure(failure)); }

chat::Error ReadFailure(json::Value root, int http_status) { return Refine(ReadError(root, http_status)); }

}  // namespace sluice::dialect::anthropic
