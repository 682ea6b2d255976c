#include "server/exchange/failures.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

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

}  // namespace

Error BadRequest(std::vector<chat::FieldViolation> violations) {
  // A request of 32 MiB can be wrong in millions of places.
  const size_t named = std::min(violations.size(), kMostInMessage);
  std::string message =
      absl::StrCat("the request breaks the contract: ",
                   absl::StrJoin(violations.begin(), violations.begin() + static_cast<std::ptrdiff_t>(named), "; ",
                                 [](std::string* out, const chat::FieldViolation& violation) {
                                   absl::StrAppend(out, violation.field, ": ", violation.description);
                                 }));
  if (named < violations.size()) absl::StrAppend(&message, "; and ", violations.size() - named, " more");
  Error error = Make(ErrorKind::kBadRequest, std::move(message));
  error.violations = std::move(violations);
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
                  stage);
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

Error Redirected(int status, absl::string_view location) {
  Error error = Make(ErrorKind::kServerError, absl::StrCat("the upstream redirects (HTTP ", status,
                                                           ") and redirects are not followed: set "
                                                           "base_url to the final address"));
  error.http_status = status;
  error.provider_message = std::string(location.substr(0, 256));
  return error;
}

}  // namespace sluice::exchange
