#include "server/config/check_wire.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice::config {
namespace {

bool HasControlOrBlank(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == ' ' || static_cast<unsigned char>(c) >= 0x80;
  });
}

void CheckPath(const std::string& path, const std::string& value, Checker* checker) {
  if (value.empty() || value[0] != '/') {
    checker->Add(path, "has to begin with a slash; it is appended to base_url");
  } else if (HasControlOrBlank(value) || absl::StrContains(value, "#")) {
    checker->Add(path, "no path of a URL: write blanks and the like as %20");
  }
}

bool IsToken(const std::string& name) {  // RFC 9110 5.6.2
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  });
}

}  // namespace

Wire CheckWire(const v1::Wire& in, const std::string& path, Checker* checker) {
  Wire out;
  const auto at = [&](absl::string_view field) { return absl::StrCat(path, ".", field); };
  out.chat_path = in.chat_path();
  out.models_path = in.models_path();
  if (in.has_chat_path()) CheckPath(at("chat_path"), out.chat_path, checker);
  if (in.has_models_path()) CheckPath(at("models_path"), out.models_path, checker);
  out.auth_header = in.auth_header();
  out.auth_prefix = in.auth_prefix();
  if (in.has_auth_header() && !IsToken(out.auth_header)) {
    checker->Add(at("auth_header"), "not the name of an HTTP header");
  }
  if (in.has_auth_prefix() && !in.has_auth_header()) {
    checker->Add(at("auth_prefix"), "stands in auth_header, which is not set; set it, or remove this");
  }
  if (std::any_of(out.auth_prefix.begin(), out.auth_prefix.end(),
                  [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
    checker->Add(at("auth_prefix"), "holds a line break or another control character; remove it");
  }
  checker->Choice(at("token_limit"), in.has_token_limit(), in.token_limit(),
                  {{"as_asked", Wire::TokenLimit::kAsAsked},
                   {"max_tokens", Wire::TokenLimit::kMaxTokens},
                   {"max_completion_tokens", Wire::TokenLimit::kMaxCompletionTokens}},
                  &out.token_limit);
  if (in.has_ask_usage()) out.ask_usage = in.ask_usage();
  checker->Choice(at("reasoning"), in.has_reasoning(), in.reasoning(),
                  {{"effort", Wire::Reasoning::kEffort}, {"budget", Wire::Reasoning::kBudget}}, &out.reasoning);
  out.think_tags = in.think_tags();
  return out;
}

}  // namespace sluice::config
