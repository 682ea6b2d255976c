#include "client/cli/explain.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sluice::cli {
namespace {

struct Hint {
  absl::string_view reason;
  absl::string_view text;
};

constexpr Hint kHints[] = {
    {"NO_ROUTE", "`sluice models` lists what the gateway serves; a new model needs a route in its configuration"},
    {"MODEL_NOT_FOUND", "the upstream does not know the model; `sluice models` lists what it has"},
    {"UPSTREAM_AUTH", "the upstream refused the gateway's key: check api_key in the gateway's configuration"},
    {"UPSTREAM_FORBIDDEN", "the gateway's key may not do this: check the provider account's permissions and region"},
    {"INSUFFICIENT_QUOTA", "the provider account has no credit left; waiting does not help"},
    {"RATE_LIMITED", "wait, then try again"},
    {"CONTEXT_LENGTH_EXCEEDED", "shorten the prompt, or use a model with a larger context"},
    {"UPSTREAM_UNREACHABLE", "check base_url in the gateway's configuration, and the gateway's network"},
    {"UPSTREAM_OVERLOADED", "try again later, or use another model"},
    {"UPSTREAM_TIMEOUT", "try again; a model that thinks long needs longer timeouts in the gateway's configuration"},
    {"UPSTREAM_TRUNCATED", "the answer is not complete; try again"},
    {"UPSTREAM_NOT_SSE", "the upstream answered something else than a stream: check base_url"},
    {"POOL_TIMEOUT", "the upstream's connection pool is full: try again, or raise pool.connections"},
    {"REQUEST_TOO_LARGE", "send less, or raise the limit in the gateway's configuration"},
    {"TOO_MANY_CALLS", "the gateway is full: try again later, or add gateways"},
    {"ANSWER_TOO_LARGE", "call Chat, which streams it"},
    {"DRAINING", "the gateway is shutting down; try again"},
};

// A failure without a reason did not come from a gateway.
std::string ConnectionHint(const CallStatus& status, const Flags& flags) {
  switch (status.code) {
    case grpc::StatusCode::UNAVAILABLE:
      return absl::StrCat("is the gateway running at ", flags.address, "? ",
                          flags.UsesTls() ? "(called with TLS; --insecure calls in plaintext)"
                                          : "(called in plaintext; --ca FILE calls with TLS)");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return flags.timeout ? absl::StrCat("--timeout ", absl::FormatDuration(*flags.timeout), " was too short") : "";
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::StrCat("what runs at ", flags.address, " is no Sluice gateway, or an older one");
    default:
      return "";
  }
}

std::string HintFor(const CallStatus& status, const Flags& flags) {
  for (const Hint& hint : kHints) {
    if (hint.reason == status.reason) return std::string(hint.text);
  }
  return status.reason.empty() ? ConnectionHint(status, flags) : "";
}

}  // namespace

std::string Explain(const CallStatus& status, const Flags& flags, absl::string_view request_id) {
  std::string text = absl::StrCat("sluice: ", status.ToString(), "\n");
  for (const CallStatus::Violation& violation : status.violations) {
    absl::StrAppend(&text, "  ", violation.field, ": ", violation.description, "\n");
  }
  for (const auto& [key, value] : status.metadata) absl::StrAppend(&text, "  ", key, ": ", value, "\n");
  if (!request_id.empty()) absl::StrAppend(&text, "  gateway request: ", request_id, "\n");
  if (status.retry_delay) {
    absl::StrAppend(&text, "  retry after: ", absl::FormatDuration(absl::FromChrono(*status.retry_delay)), "\n");
  }
  if (const std::string hint = HintFor(status, flags); !hint.empty()) absl::StrAppend(&text, "  hint: ", hint, "\n");
  return Printable(text);
}

std::string Printable(absl::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      absl::StrAppend(&safe, "\\x", absl::Hex(byte, absl::kZeroPad2));
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080..U+009F, the other control characters
      absl::StrAppend(&safe, "\\x", absl::Hex(next, absl::kZeroPad2));
      ++i;
    } else {
      safe.push_back(text[i]);
    }
  }
  return safe;
}

}  // namespace sluice::cli
