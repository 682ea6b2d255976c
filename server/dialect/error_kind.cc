#include "server/dialect/error_kind.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::dialect {
namespace {

using chat::ErrorKind;

struct Name {
  const char* name;
  ErrorKind kind;
};

// Names that mean one thing wherever they stand. slow_down is not among them: OpenAI sends it with 429 and with 503.
constexpr Name kNames[] = {
    // Money and quota first: they come with rate limits' status and must never be retried.
    {"insufficient_quota", ErrorKind::kQuota},
    {"credit_balance_exhausted", ErrorKind::kQuota},
    {"organization_spend_limit_exceeded", ErrorKind::kQuota},
    {"project_spend_limit_exceeded", ErrorKind::kQuota},
    {"organization_usage_limit_exceeded", ErrorKind::kQuota},
    {"billing_error", ErrorKind::kQuota},
    {"billing_hard_limit_reached", ErrorKind::kQuota},
    {"insufficient_balance", ErrorKind::kQuota},
    {"insufficient_user_quota", ErrorKind::kQuota},       // new-api
    {"exceeded_current_quota_error", ErrorKind::kQuota},  // Moonshot
    {"context_length_exceeded", ErrorKind::kContextLength},
    {"exceed_context_size_error", ErrorKind::kContextLength},  // llama.cpp
    {"content_filter", ErrorKind::kContentFilter},
    {"content_policy_violation", ErrorKind::kContentFilter},
    {"ResponsibleAIPolicyViolation", ErrorKind::kContentFilter},  // Azure
    {"invalid_api_key", ErrorKind::kAuthentication},
    {"API_KEY_INVALID", ErrorKind::kAuthentication},
    {"authentication_error", ErrorKind::kAuthentication},
    {"UNAUTHENTICATED", ErrorKind::kAuthentication},
    {"permission_error", ErrorKind::kPermission},
    {"permission_denied", ErrorKind::kPermission},
    {"unsupported_country_region_territory", ErrorKind::kPermission},
    {"model_not_found", ErrorKind::kNotFound},
    {"not_found_error", ErrorKind::kNotFound},
    {"NOT_FOUND", ErrorKind::kNotFound},
    {"NotFoundError", ErrorKind::kNotFound},       // vLLM
    {"DeploymentNotFound", ErrorKind::kNotFound},  // Azure
    {"rate_limit_exceeded", ErrorKind::kRateLimit},
    {"rate_limit_error", ErrorKind::kRateLimit},
    {"too_many_requests", ErrorKind::kRateLimit},
    {"RESOURCE_EXHAUSTED", ErrorKind::kRateLimit},
    {"overloaded_error", ErrorKind::kOverloaded},
    {"server_is_overloaded", ErrorKind::kOverloaded},
    {"engine_overloaded_error", ErrorKind::kOverloaded},  // Moonshot
    {"service_unavailable_error", ErrorKind::kOverloaded},
    {"UNAVAILABLE", ErrorKind::kOverloaded},
    {"timeout_error", ErrorKind::kTimeout},
    {"DEADLINE_EXCEEDED", ErrorKind::kTimeout},
};

// Names that servers put on whatever fails: OpenAI types a refused key and a full rate limit invalid_request_error,
// too. A status of 400 and more knows better.
constexpr Name kVagueNames[] = {
    {"invalid_request_error", ErrorKind::kInvalidRequest},
    {"unsupported_parameter", ErrorKind::kInvalidRequest},
    {"empty_array", ErrorKind::kInvalidRequest},
    {"BadRequestError", ErrorKind::kInvalidRequest},
    {"INVALID_ARGUMENT", ErrorKind::kInvalidRequest},
    {"request_too_large", ErrorKind::kInvalidRequest},
    {"server_error", ErrorKind::kServerError},
    {"api_error", ErrorKind::kServerError},
    {"internal_server_error", ErrorKind::kServerError},
    {"InternalServerError", ErrorKind::kServerError},
    {"INTERNAL", ErrorKind::kServerError},
};

template <size_t kSize>
std::optional<ErrorKind> FindName(const Name (&names)[kSize], const ErrorBody& body) {
  for (const std::string* field : {&body.code, &body.inner_code, &body.status, &body.type}) {
    for (const Name& entry : names) {
      if (absl::EqualsIgnoreCase(*field, entry.name)) return entry.kind;
    }
  }
  return std::nullopt;
}

bool SaysQuota(const ErrorBody& body) {
  for (const std::string* field : {&body.code, &body.inner_code, &body.status, &body.type}) {
    for (const Name& entry : kNames) {
      if (entry.kind == ErrorKind::kQuota && absl::EqualsIgnoreCase(*field, entry.name)) return true;
    }
  }
  return false;
}

ErrorKind OfStatus(int status) {
  switch (status) {
    case 401:
      return ErrorKind::kAuthentication;
    case 402:
      return ErrorKind::kQuota;
    case 403:
      return ErrorKind::kPermission;
    case 404:
      return ErrorKind::kNotFound;
    case 408:
    case 504:
      return ErrorKind::kTimeout;
    case 429:
      return ErrorKind::kRateLimit;
    case 502:
    case 503:
    case 529:
      return ErrorKind::kOverloaded;
    case 409:  // a lock held by another request: worth another try, like a server's failure
      return ErrorKind::kServerError;
    default:
      return status >= 400 && status < 500 ? ErrorKind::kInvalidRequest : ErrorKind::kServerError;
  }
}

const char* Advice(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidRequest:
      return "the upstream refused the request as invalid%: change the request; not every model takes every field";
    case ErrorKind::kContextLength:
      return "the request does not fit the model's context%: shorten the messages or lower the token limit";
    case ErrorKind::kContentFilter:
      return "the upstream's content filter refused the request%: change the messages";
    case ErrorKind::kAuthentication:
      return "the upstream refused the gateway's API key%: check api_key of this upstream";
    case ErrorKind::kPermission:
      return "the upstream does not allow this%: check what api_key of this upstream may use, and from where";
    case ErrorKind::kQuota:
      return "the gateway's account at the upstream has no balance or quota left%: top it up or raise its limits";
    case ErrorKind::kNotFound:
      return "the upstream knows no such model or URL%: check the model's name, and base_url of this upstream";
    case ErrorKind::kRateLimit:
      return "the upstream's rate limit is reached%: send less, or try again later";
    case ErrorKind::kOverloaded:
      return "the upstream is overloaded or down%: try again later";
    case ErrorKind::kTimeout:
      return "the upstream reported a timeout%: try again, or ask for a shorter answer";
    default:
      return "the upstream failed%: try again";
  }
}

}  // namespace

ErrorKind ClassifyError(const ErrorBody& body, int http_status) {
  if (http_status == 401 || http_status == 402 || http_status == 404) return OfStatus(http_status);
  if (SaysQuota(body)) return ErrorKind::kQuota;
  if (const auto named = FindName(kNames, body)) return *named;
  if (http_status >= 400) return OfStatus(http_status);
  if (const auto named = FindName(kVagueNames, body)) return *named;
  return OfStatus(body.number);
}

std::string ErrorMessage(ErrorKind kind, int http_status) {
  const absl::string_view advice = Advice(kind);
  const size_t place = advice.find('%');
  const std::string status = http_status > 0 ? absl::StrCat(" (HTTP ", http_status, ")") : std::string();
  return absl::StrCat(advice.substr(0, place), status, advice.substr(place + 1));
}

}  // namespace sluice::dialect
