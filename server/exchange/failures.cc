#include "server/exchange/failures.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/utf8.h"

namespace sluice::exchange {
namespace {

using chat::Error;
using chat::ErrorKind;

constexpr size_t kMostInMessage = 16;  // of the violations; all are in the details

Error Make(ErrorKind kind, std::string message, absl::string_view stage = "") {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  error.stage = std::string(stage);
  return error;
}

Error WithViolations(absl::string_view what, std::vector<chat::FieldViolation> violations) {
  // A request of 32 MiB can be wrong in millions of places.
  const size_t named = std::min(violations.size(), kMostInMessage);
  std::string message =
      absl::StrCat(what, ": ",
                   absl::StrJoin(violations.begin(), violations.begin() + static_cast<std::ptrdiff_t>(named), "; ",
                                 [](std::string* out, const chat::FieldViolation& violation) {
                                   absl::StrAppend(out, violation.field, ": ", violation.description);
                                 }));
  if (named < violations.size()) absl::StrAppend(&message, "; and ", violations.size() - named, " more");
  Error error = Make(ErrorKind::kBadRequest, std::move(message));
  error.violations = std::move(violations);
  return error;
}

}  // namespace

Error BadRequest(std::vector<chat::FieldViolation> violations) {
  return WithViolations("the request breaks the contract", std::move(violations));
}

Error DoesNotFit(std::vector<chat::FieldViolation> violations) {
  return WithViolations("the upstream cannot be asked this (its setting `unsupported` can drop some of it)",
                        std::move(violations));
}

Error UpstreamKeyNotTaken() {
  return BadRequest({{"metadata x-sluice-upstream-key",
                      "the upstream of this model takes no key of a caller's own: leave it out, or have caller_key of "
                      "that upstream set to allowed"}});
}

Error UpstreamKeyMissing() {
  return BadRequest({{"metadata x-sluice-upstream-key",
                      "the upstream of this model takes calls with a key of the caller's own only: send one"}});
}

void BlameCallersKey(Error* error) {
  switch (error->kind) {
    case ErrorKind::kAuthentication:
      error->kind = ErrorKind::kCallerKey;
      error->message = "the upstream refused the key in the call's metadata x-sluice-upstream-key: send a valid one";
      break;
    case ErrorKind::kPermission:
      // A bare 403, or one for the country, is about the place that the gateway calls from.
      if (error->provider_code.empty() && error->provider_type.empty()) return;
      if (error->provider_code == "unsupported_country_region_territory") return;
      error->kind = ErrorKind::kCallerKey;
      error->message =
          "the upstream does not let the key in the call's metadata x-sluice-upstream-key use this model: send another "
          "key, or ask for another model";
      break;
    case ErrorKind::kQuota:
      error->message =
          "the account of the key in the call's metadata x-sluice-upstream-key has no balance or quota left: top it "
          "up, or send another key";
      break;
    case ErrorKind::kRateLimit:
      break;
    default:
      return;
  }
  error->of_callers_key = true;
}

Error AboveLimit(absl::string_view limit, size_t most, absl::string_view unit, size_t actual) {
  Error error = Make(ErrorKind::kRequestTooLarge, absl::StrCat("the request has ", actual, " ", unit, " and ", limit,
                                                               " allows ", most, ": send less, or raise the limit"));
  error.limit = std::string(limit);
  return error;
}

Error TooManyCalls(bool line_full, absl::Duration waited) {
  Error error =
      Make(ErrorKind::kTooManyCalls,
           line_full ? std::string("as many calls are open as limits.open_calls allows, and as many wait as "
                                   "limits.queued_calls allows: send less, or add gateways")
                     : absl::StrCat("limits.open_calls was reached and no call ended within limits.queue_wait (",
                                    absl::FormatDuration(waited), "): send less, or add gateways"));
  error.limit = line_full ? "limits.queued_calls" : "limits.open_calls";
  return error;
}

Error AnswerTooLarge(size_t most) {
  Error error = Make(ErrorKind::kAnswerTooLarge,
                     absl::StrCat("the answer is larger than limits.complete_bytes (", most,
                                  "), which is what gRPC clients receive unless told otherwise: call Chat, which "
                                  "streams it, or raise the limit here and the client's receive limit"));
  error.limit = "limits.complete_bytes";
  return error;
}

Error NoRoute(absl::string_view model) {
  return Make(ErrorKind::kNoRoute, absl::StrCat("no route serves model \"", model.substr(0, 128),
                                                "\": ask for one that ListModels shows, or add a route for it"));
}

Error TransportFailure(const upstream::Result& result, bool answered) {
  const absl::string_view stage = upstream::StageName(result.stage);
  switch (result.outcome) {
    case upstream::Outcome::kTimeout:
      if (result.stage == upstream::Stage::kPool) {
        return Make(ErrorKind::kPoolTimeout,
                    "every connection to the upstream stayed busy for longer than timeouts.pool: raise "
                    "pool.connections, or send it less",
                    stage);
      }
      return Make(ErrorKind::kTimeout,
                  absl::StrCat("the upstream was silent for longer than timeouts.", stage,
                               answered ? ": the answer so far is incomplete" : ""),
                  stage);
    case upstream::Outcome::kUnreachable:
      return Make(ErrorKind::kUnreachable,
                  absl::StrCat("the upstream cannot be reached (", stage, "): ", result.detail,
                               ": check base_url, the network and the certificate"),
                  stage);
    case upstream::Outcome::kBroken:
      return Make(ErrorKind::kTruncated,
                  absl::StrCat(answered ? "the upstream's stream was cut before its end mark, so the answer so far is "
                                          "incomplete: "
                                        : "the upstream closed the connection before it answered: ",
                               result.detail),
                  result.stage == upstream::Stage::kBody ? "" : stage);  // "idle" is a timer, and it did not fire
    case upstream::Outcome::kComplete:
      break;
  }
  return Make(ErrorKind::kTruncated,
              "the upstream's stream ended before its end mark: the answer so far is incomplete");
}

Error TimerFired(absl::string_view stage, absl::Duration limit) {
  return Make(ErrorKind::kTimeout,
              absl::StrCat("the upstream took longer than timeouts.", stage, " (", absl::FormatDuration(limit), ")"),
              stage);
}

Error DeadlinePassed() {
  return Make(ErrorKind::kDeadline, "the caller's deadline passed before the answer was complete", "deadline");
}

Error CallerStalled(absl::Duration limit) {
  return Make(ErrorKind::kCallerStalled,
              absl::StrCat("the caller took nothing for longer than limits.caller_stall (", absl::FormatDuration(limit),
                           "): read the stream faster"),
              "caller_stall");
}

Error Draining(absl::Duration limit) {
  return Make(ErrorKind::kDraining,
              absl::StrCat("the gateway stops and limits.drain (", absl::FormatDuration(limit),
                           ") is over, so the answer so far is incomplete: ask again, another gateway will answer"));
}

Error Compressed(absl::string_view coding) {
  Error error =
      Make(ErrorKind::kNotSse,
           "the upstream compressed its reply, though the request allows that of none: switch compression off "
           "there, or in the proxy in between");
  error.provider_message = absl::StrCat("content-encoding: ", RepairUtf8(coding.substr(0, 64)));
  return error;
}

Error Redirected(int status, absl::string_view location) {
  Error error = Make(ErrorKind::kServerError, absl::StrCat("the upstream redirects (HTTP ", status,
                                                           ") and redirects are not followed: set "
                                                           "base_url to the final address"));
  error.http_status = status;
  error.should_retry = false;  // it would redirect again
  error.provider_message = std::string(location.substr(0, 256));
  return error;
}

bool IsName(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-.:/", c);
  });
}

}  // namespace sluice::exchange
