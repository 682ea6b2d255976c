#include "server/config/check_upstream.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/config/address.h"
#include "server/config/check_wire.h"
#include "server/config/key.h"
#include "server/config/nearest.h"

namespace sluice::config {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxPrefixBytes = 16;

// Headers that the gateway or its HTTP client writes: a second one would be ambiguous (RFC 9110 5.3) or break framing.
constexpr absl::string_view kOwnHeaders[] = {"authorization",
                                             "host",
                                             "content-length",
                                             "content-type",
                                             "content-encoding",
                                             "accept",
                                             "accept-encoding",
                                             "connection",
                                             "te",
                                             "trailer",
                                             "upgrade",
                                             "transfer-encoding",
                                             "expect",
                                             "proxy-authorization",
                                             "x-request-id",
                                             "traceparent",
                                             "tracestate"};

// One upstream's fields, each checked into the result.
class UpstreamCheck {
 public:
  UpstreamCheck(const v1::Upstream& in, Upstream* out, Checker* checker)
      : in_(in), out_(out), checker_(checker), path_(absl::StrCat("upstreams.", out->name)) {}

  void Name();
  void Dialect(const std::vector<std::string>& dialects);
  void BaseUrl();
  void Key();
  void Connection();
  void Timeouts();
  void Pool();
  void Retry();
  void Defaults();
  void Headers();
  void Policies();

 private:
  std::string At(absl::string_view field) const { return absl::StrCat(path_, ".", field); }
  bool Broken(const std::string& path) { return checker_->problems().Has(path); }

  const v1::Upstream& in_;
  Upstream* const out_;
  Checker* const checker_;
  const std::string path_;
};

void UpstreamCheck::Name() {
  const std::string& name = out_->name;
  const bool clean = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
  if (!clean || name.empty() || name.size() > kMaxNameBytes) {
    checker_->Add(path_, "an upstream's name is made of 1 to 64 letters, digits, '.', '_' and '-'");
  }
}

void UpstreamCheck::Dialect(const std::vector<std::string>& dialects) {
  const std::string path = At("dialect");
  if (Broken(path)) return;
  const std::string known = absl::StrJoin(dialects, ", ");
  if (!in_.has_dialect()) return checker_->Add(path, absl::StrCat("required; one of: ", known));
  out_->dialect = in_.dialect();
  if (std::find(dialects.begin(), dialects.end(), in_.dialect()) != dialects.end()) return;
  checker_->Add(path, absl::StrCat("unknown dialect", DidYouMean(in_.dialect(), dialects), "; known: ", known));
}

void UpstreamCheck::BaseUrl() {
  const std::string path = At("base_url");
  if (Broken(path)) return;
  if (!in_.has_base_url()) return checker_->Add(path, "required, as in https://api.openai.com/v1");
  out_->base_url = in_.base_url();
  const absl::StatusOr<Url> url = ParseUrl(in_.base_url(), /*allow_userinfo=*/false);
  if (!url.ok()) return checker_->Add(path, absl::StrCat("not a URL to call: ", url.status().message()));
  if (url->scheme != "http" && url->scheme != "https") {
    return checker_->Add(path, "not a URL to call: it has to begin with https:// (or http://)");
  }
  if (absl::EndsWith(url->path, "/")) return checker_->Add(path, "remove the slash at the end");
  if (url->scheme == "https") {
    if (in_.insecure()) checker_->Add(At("insecure"), "remove it: base_url is https, which is never sent in plaintext");
  } else if (!in_.insecure() && !Broken(At("insecure")) && !IsLoopback(url->authority.host)) {
    checker_->Add(path,
                  absl::StrCat("plaintext http to another machine shows key and prompts to the network; use https, "
                               "or set ",
                               At("insecure"), " to true"));
  }
}

void UpstreamCheck::Key() {
  const std::string prefix_path = At("api_key_prefix");
  std::string prefix = in_.api_key_prefix();
  if (prefix.size() > kMaxPrefixBytes) {
    checker_->Add(prefix_path, "longer than 16 characters; give what keys begin with, not the key");
    prefix.clear();
  }
  const std::string path = At(in_.has_api_key_file() ? "api_key_file" : "api_key");
  if (in_.has_api_key() && in_.has_api_key_file()) {
    return checker_->Add(path, "given together with api_key; keep one of the two");
  }
  std::string key = in_.api_key();
  if (in_.has_api_key_file()) {
    std::optional<std::string> text = checker_->Read(path, in_.api_key_file());
    if (!text) return;
    key = std::string(absl::StripTrailingAsciiWhitespace(*text));
  } else if (!in_.has_api_key()) {
    return;
  }
  if (const absl::Status status = CheckKey(key, prefix); !status.ok()) return checker_->Add(path, status.message());
  out_->api_key = Secret(std::move(key));
}

void UpstreamCheck::Connection() {
  out_->http2 = in_.http2();
  if (in_.has_ca_file()) {
    out_->ca_file = in_.ca_file();
    out_->ca_pem = checker_->ReadPem(At("ca_file"), in_.ca_file(), "CERTIFICATE").value_or("");
  }
  if (!in_.has_proxy()) return;
  const absl::StatusOr<Url> url = ParseUrl(in_.proxy(), /*allow_userinfo=*/true);
  if (!url.ok() || url->scheme != "http" || url->authority.port < 0 || !url->path.empty()) {
    return checker_->Add(At("proxy"), "not a proxy's address; write http://host:port");
  }
  out_->proxy = Secret(in_.proxy());
}

void UpstreamCheck::Timeouts() {
  const v1::Timeouts& in = in_.timeouts();
  config::Timeouts& out = out_->timeouts;
  checker_->Duration(At("timeouts.pool"), in.has_pool(), in.pool(), &out.pool);
  checker_->Duration(At("timeouts.connect"), in.has_connect(), in.connect(), &out.connect);
  checker_->Duration(At("timeouts.tls"), in.has_tls(), in.tls(), &out.tls);
  checker_->Duration(At("timeouts.send"), in.has_send(), in.send(), &out.send);
  checker_->Duration(At("timeouts.first_byte"), in.has_first_byte(), in.first_byte(), &out.first_byte);
  checker_->Duration(At("timeouts.first_output"), in.has_first_output(), in.first_output(), &out.first_output);
  checker_->Duration(At("timeouts.idle"), in.has_idle(), in.idle(), &out.idle);
  checker_->Duration(At("timeouts.total"), in.has_total(), in.total(), &out.total);
}

void UpstreamCheck::Pool() {
  const v1::Pool& in = in_.pool();
  PoolLimits& out = out_->pool;
  if (in.has_connections() && checker_->InRange(At("pool.connections"), in.connections(), 1, 65535)) {
    out.connections = in.connections();
  }
  out.idle = std::min(out.idle, out.connections);
  // With connections out of range, the range of idle is unknown too.
  if (in.has_idle() && !Broken(At("pool.connections")) &&
      checker_->InRange(At("pool.idle"), in.idle(), 0, out.connections)) {
    out.idle = in.idle();
  }
  checker_->Duration(At("pool.idle_expiry"), in.has_idle_expiry(), in.idle_expiry(), &out.idle_expiry, /*zero=*/true);
}

void UpstreamCheck::Retry() {
  const v1::Retry& in = in_.retry();
  config::Retry& out = out_->retry;
  if (in.has_attempts() && checker_->InRange(At("retry.attempts"), in.attempts(), 1, 10)) out.attempts = in.attempts();
  checker_->Duration(At("retry.base"), in.has_base(), in.base(), &out.base);
  out.cap = std::max(out.cap, out.base);
  checker_->Duration(At("retry.cap"), in.has_cap(), in.cap(), &out.cap);
  if (out.cap < out.base && !Broken(At("retry.base"))) {
    checker_->Add(At("retry.cap"), absl::StrCat(absl::FormatDuration(out.cap), " is less than retry.base, which is ",
                                                absl::FormatDuration(out.base), "; take as much or more"));
  }
  if (in.has_budget()) {
    out.budget = in.budget();
    if (!(in.budget() >= 0 && in.budget() <= 1)) {
      checker_->Add(At("retry.budget"), absl::StrCat(in.budget(), " is out of range; take 0 to 1"));
    }
  }
}

void UpstreamCheck::Defaults() {
  const v1::Defaults& in = in_.defaults();
  if (in.has_temperature()) {
    out_->default_temperature = in.temperature();
    if (!(in.temperature() >= 0 && in.temperature() <= 2)) {
      checker_->Add(At("defaults.temperature"), absl::StrCat(in.temperature(), " is out of range; take 0 to 2"));
    }
  }
  if (in.has_max_tokens()) {
    out_->default_max_tokens = in.max_tokens();
    if (in.max_tokens() < 1) checker_->Add(At("defaults.max_tokens"), "has to be 1 or more; remove it for no default");
  }
}

void UpstreamCheck::Headers() {
  const std::map<std::string, std::string> sorted(in_.headers().begin(), in_.headers().end());
  std::set<std::string> seen;
  for (const auto& [name, value] : sorted) {
    const std::string path = At(absl::StrCat("headers.", name));
    if (Broken(path)) continue;
    const std::string lower = absl::AsciiStrToLower(name);
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      // RFC 9110 5.6.2
      return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("!#$%&'*+-.^_`|~", c);
    });
    if (!token) {
      checker_->Add(path, "not the name of an HTTP header");
    } else if (lower == "authorization") {
      checker_->Add(path, "the gateway sets this header; put the key into api_key or api_key_file");
    } else if (std::find(std::begin(kOwnHeaders), std::end(kOwnHeaders), lower) != std::end(kOwnHeaders)) {
      checker_->Add(path, "the gateway sets this header itself; remove it");
    } else if (!seen.insert(lower).second) {
      checker_->Add(path, "given twice in different case; keep one");
    } else if (std::any_of(value.begin(), value.end(),
                           [](char c) { return c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
      checker_->Add(path, "the value holds a line break or another control character; remove it");
    }
    out_->headers.emplace_back(name, Secret(value));
  }
}

void UpstreamCheck::Policies() {
  checker_->Choice(At("unsupported"), in_.has_unsupported(), in_.unsupported(), {{"refuse", false}, {"drop", true}},
                   &out_->drops_unsupported);
  checker_->Choice(
      At("caller_key"), in_.has_caller_key(), in_.caller_key(),
      {{"refused", CallerKey::kRefused}, {"allowed", CallerKey::kAllowed}, {"required", CallerKey::kRequired}},
      &out_->caller_key);
}

}  // namespace

Upstream CheckUpstream(const std::string& name, const v1::Upstream& in, const std::vector<std::string>& dialects,
                       Checker* checker) {
  Upstream out;
  out.name = name;
  UpstreamCheck check(in, &out, checker);
  check.Name();
  check.Dialect(dialects);
  check.BaseUrl();
  check.Key();
  check.Connection();
  check.Timeouts();
  check.Pool();
  check.Retry();
  check.Defaults();
  check.Headers();
  check.Policies();
  out.wire = CheckWire(in.wire(), absl::StrCat("upstreams.", name, ".wire"), checker);
  return out;
}

}  // namespace sluice::config
