#include "server/chat/status.h"

namespace sluice::chat {
namespace {

struct Row {
  absl::StatusCode code;
  const char* reason;
};

Row Lookup(ErrorKind kind) {
  using enum absl::StatusCode;
  switch (kind) {
    case ErrorKind::kBadRequest:
      return {kInvalidArgument, "INVALID_REQUEST"};
    case ErrorKind::kNoRoute:
      return {kNotFound, "NO_ROUTE"};
    case ErrorKind::kRequestTooLarge:
      return {kResourceExhausted, "REQUEST_TOO_LARGE"};
    case ErrorKind::kInvalidRequest:
      return {kInvalidArgument, "UPSTREAM_INVALID_REQUEST"};
    case ErrorKind::kContextLength:
      return {kInvalidArgument, "CONTEXT_LENGTH_EXCEEDED"};
    case ErrorKind::kContentFilter:
      return {kFailedPrecondition, "CONTENT_FILTERED"};
    case ErrorKind::kAuthentication:
      return {kInternal, "UPSTREAM_AUTH"};
    case ErrorKind::kCallerKey:
      return {kUnauthenticated, "CALLER_KEY_REFUSED"};
    case ErrorKind::kPermission:
      return {kInternal, "UPSTREAM_FORBIDDEN"};
    case ErrorKind::kQuota:
      return {kResourceExhausted, "INSUFFICIENT_QUOTA"};
    case ErrorKind::kNotFound:
      return {kNotFound, "MODEL_NOT_FOUND"};
    case ErrorKind::kRateLimit:
      return {kResourceExhausted, "RATE_LIMITED"};
    case ErrorKind::kOverloaded:
      return {kUnavailable, "UPSTREAM_OVERLOADED"};
    case ErrorKind::kServerError:
      return {kInternal, "UPSTREAM_ERROR"};
    case ErrorKind::kTimeout:
      return {kUnavailable, "UPSTREAM_TIMEOUT"};
    case ErrorKind::kUnreachable:
      return {kUnavailable, "UPSTREAM_UNREACHABLE"};
    case ErrorKind::kMalformed:
      return {kInternal, "UPSTREAM_PROTOCOL"};
    case ErrorKind::kTruncated:
      return {kUnavailable, "UPSTREAM_TRUNCATED"};
    case ErrorKind::kNotSse:
      return {kInternal, "UPSTREAM_NOT_SSE"};
    case ErrorKind::kTooLarge:
      return {kResourceExhausted, "EVENT_TOO_LARGE"};
    case ErrorKind::kTooManyCalls:
      return {kResourceExhausted, "TOO_MANY_CALLS"};
    case ErrorKind::kAnswerTooLarge:
      return {kResourceExhausted, "ANSWER_TOO_LARGE"};
    case ErrorKind::kPoolTimeout:
      return {kResourceExhausted, "POOL_TIMEOUT"};
    case ErrorKind::kCallerStalled:
      return {kResourceExhausted, "CALLER_STALLED"};
    case ErrorKind::kDeadline:
      return {kDeadlineExceeded, "DEADLINE_EXCEEDED"};
    case ErrorKind::kCancelled:
      return {kCancelled, "CANCELLED"};
    case ErrorKind::kDraining:
      return {kUnavailable, "DRAINING"};
    case ErrorKind::kInternal:
      return {kInternal, "INTERNAL"};
  }
  return {kInternal, "INTERNAL"};
}

}  // namespace

absl::StatusCode CanonicalCode(ErrorKind kind) { return Lookup(kind).code; }
const char* Reason(ErrorKind kind) { return Lookup(kind).reason; }

const char* CauseName(const Error& error) {
  return ErrorKindName(error.of_callers_key ? ErrorKind::kCallerKey : error.kind);
}

bool IsCallersFault(const Error& error) {
  if (error.of_callers_key) return true;
  switch (error.kind) {
    case ErrorKind::kBadRequest:
    case ErrorKind::kNoRoute:
    case ErrorKind::kRequestTooLarge:
    case ErrorKind::kInvalidRequest:
    case ErrorKind::kContextLength:
    case ErrorKind::kContentFilter:
    case ErrorKind::kCallerKey:
    case ErrorKind::kNotFound:
    case ErrorKind::kAnswerTooLarge:
    case ErrorKind::kCallerStalled:
    case ErrorKind::kDeadline:
    case ErrorKind::kCancelled:
      return true;
    case ErrorKind::kAuthentication:
    case ErrorKind::kPermission:
    case ErrorKind::kQuota:
    case ErrorKind::kRateLimit:
    case ErrorKind::kOverloaded:
    case ErrorKind::kServerError:
    case ErrorKind::kTimeout:
    case ErrorKind::kUnreachable:
    case ErrorKind::kMalformed:
    case ErrorKind::kTruncated:
    case ErrorKind::kNotSse:
    case ErrorKind::kTooLarge:
    case ErrorKind::kTooManyCalls:
    case ErrorKind::kPoolTimeout:
    case ErrorKind::kDraining:
    case ErrorKind::kInternal:
      return false;
  }
  return false;
}

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
