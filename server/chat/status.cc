#include "server/chat/status.h"

namespace sluice::chat {
namespace {

// Whose fault it is: kCallers where the caller alone could have done otherwise.
enum class Fault { kCallers, kOurs };

struct Row {
  absl::StatusCode code;
  const char* reason;
  Fault fault;
};

Row Lookup(ErrorKind kind) {
  using enum absl::StatusCode;
  using enum Fault;
  switch (kind) {
    case ErrorKind::kBadRequest:
      return {kInvalidArgument, "INVALID_REQUEST", kCallers};
    case ErrorKind::kNoRoute:
      return {kNotFound, "NO_ROUTE", kCallers};
    case ErrorKind::kRequestTooLarge:
      return {kResourceExhausted, "REQUEST_TOO_LARGE", kCallers};
    case ErrorKind::kInvalidRequest:
      return {kInvalidArgument, "UPSTREAM_INVALID_REQUEST", kCallers};
    case ErrorKind::kContextLength:
      return {kInvalidArgument, "CONTEXT_LENGTH_EXCEEDED", kCallers};
    case ErrorKind::kContentFilter:
      return {kFailedPrecondition, "CONTENT_FILTERED", kCallers};
    case ErrorKind::kAuthentication:
      return {kInternal, "UPSTREAM_AUTH", kOurs};
    case ErrorKind::kCallerKey:
      return {kUnauthenticated, "CALLER_KEY_REFUSED", kCallers};
    case ErrorKind::kPermission:
      return {kInternal, "UPSTREAM_FORBIDDEN", kOurs};
    case ErrorKind::kQuota:
      return {kResourceExhausted, "INSUFFICIENT_QUOTA", kOurs};
    case ErrorKind::kNotFound:
      return {kNotFound, "MODEL_NOT_FOUND", kCallers};
    case ErrorKind::kRateLimit:
      return {kResourceExhausted, "RATE_LIMITED", kOurs};
    case ErrorKind::kOverloaded:
      return {kUnavailable, "UPSTREAM_OVERLOADED", kOurs};
    case ErrorKind::kServerError:
      return {kInternal, "UPSTREAM_ERROR", kOurs};
    case ErrorKind::kTimeout:
      return {kUnavailable, "UPSTREAM_TIMEOUT", kOurs};
    case ErrorKind::kUnreachable:
      return {kUnavailable, "UPSTREAM_UNREACHABLE", kOurs};
    case ErrorKind::kMalformed:
      return {kInternal, "UPSTREAM_PROTOCOL", kOurs};
    case ErrorKind::kTruncated:
      return {kUnavailable, "UPSTREAM_TRUNCATED", kOurs};
    case ErrorKind::kNotSse:
      return {kInternal, "UPSTREAM_NOT_SSE", kOurs};
    case ErrorKind::kTooLarge:
      return {kResourceExhausted, "EVENT_TOO_LARGE", kOurs};
    case ErrorKind::kTooManyCalls:
      return {kResourceExhausted, "TOO_MANY_CALLS", kOurs};
    case ErrorKind::kAnswerTooLarge:
      return {kResourceExhausted, "ANSWER_TOO_LARGE", kCallers};
    case ErrorKind::kPoolTimeout:
      return {kResourceExhausted, "POOL_TIMEOUT", kOurs};
    case ErrorKind::kCallerStalled:
      return {kResourceExhausted, "CALLER_STALLED", kCallers};
    case ErrorKind::kDeadline:
      return {kDeadlineExceeded, "DEADLINE_EXCEEDED", kCallers};
    case ErrorKind::kCancelled:
      return {kCancelled, "CANCELLED", kCallers};
    case ErrorKind::kDraining:
      return {kUnavailable, "DRAINING", kOurs};
    case ErrorKind::kInternal:
      return {kInternal, "INTERNAL", kOurs};
  }
  return {kInternal, "INTERNAL", kOurs};
}

}  // namespace

absl::StatusCode CanonicalCode(ErrorKind kind) { return Lookup(kind).code; }
const char* Reason(ErrorKind kind) { return Lookup(kind).reason; }

const char* CauseName(const Error& error) {
  return ErrorKindName(error.of_callers_key ? ErrorKind::kCallerKey : error.kind);
}

bool IsCallersFault(const Error& error) { return error.of_callers_key || Lookup(error.kind).fault == Fault::kCallers; }

const char* CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kInternal:
      return "INTERNAL";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    default:
      return "UNKNOWN";
  }
}

}  // namespace sluice::chat
