#include "server/chat/error.h"
#include "server/chat/event.h"

namespace sluice::chat {

const char* ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kBadRequest:
      return "bad_request";
    case ErrorKind::kNoRoute:
      return "no_route";
    case ErrorKind::kRequestTooLarge:
      return "request_too_large";
    case ErrorKind::kInvalidRequest:
      return "invalid_request";
    case ErrorKind::kContextLength:
      return "context_length";
    case ErrorKind::kContentFilter:
      return "content_filter";
    case ErrorKind::kAuthentication:
      return "authentication";
    case ErrorKind::kCallerKey:
      return "caller_key";
    case ErrorKind::kPermission:
      return "permission";
    case ErrorKind::kQuota:
      return "quota";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kRateLimit:
      return "rate_limit";
    case ErrorKind::kOverloaded:
      return "overloaded";
    case ErrorKind::kServerError:
      return "server_error";
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kUnreachable:
      return "unreachable";
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kTruncated:
      return "truncated";
    case ErrorKind::kNotSse:
      return "not_sse";
    case ErrorKind::kTooLarge:
      return "too_large";
    case ErrorKind::kTooManyCalls:
      return "too_many_calls";
    case ErrorKind::kAnswerTooLarge:
      return "answer_too_large";
    case ErrorKind::kPoolTimeout:
      return "pool_timeout";
    case ErrorKind::kCallerStalled:
      return "caller_stalled";
    case ErrorKind::kDeadline:
      return "deadline";
    case ErrorKind::kCancelled:
      return "cancelled";
    case ErrorKind::kDraining:
      return "draining";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

const char* FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kUnspecified:
      return "unspecified";
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kToolCalls:
      return "tool_calls";
    case FinishReason::kContentFilter:
      return "content_filter";
    case FinishReason::kError:
      return "error";
    case FinishReason::kOther:
      return "other";
  }
  return "other";
}

}  // namespace sluice::chat
