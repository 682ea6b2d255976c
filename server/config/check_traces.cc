#include "server/config/check_traces.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/config/address.h"

namespace sluice::config {
namespace {

constexpr int kOtlpPort = 4317;

void CheckEndpoint(const v1::Traces& in, Traces* out, Checker* checker) {
  const absl::StatusOr<Url> url = ParseUrl(in.endpoint(), /*allow_userinfo=*/false);
  if (!url.ok() || (url->scheme != "http" && url->scheme != "https")) {
    return checker->Add("traces.endpoint",
                        "not the address of a collector; write it as http://HOST:4317 or https://HOST:4317");
  }
  if (!url->path.empty()) {
    return checker->Add("traces.endpoint", "remove the path: OTLP over gRPC has none (a path is for OTLP over HTTP)");
  }
  const HostPort& at = url->authority;
  const std::string host = absl::StrContains(at.host, ':') ? absl::StrCat("[", at.host, "]") : at.host;
  out->address = absl::StrCat(host, ":", at.port < 0 ? kOtlpPort : at.port);
  out->tls = url->scheme == "https";
  if (!out->tls && !in.headers().empty() && !IsLoopback(at.host)) {
    checker->Add("traces.endpoint",
                 "plaintext http to another machine would show traces.headers to the network; use https");
  }
}

// Metadata of gRPC: the names it keeps for itself, and binary values, are not for a configuration.
bool IsMetadataName(absl::string_view name) {
  return !name.empty() && !absl::StartsWith(name, "grpc-") && !absl::EndsWith(name, "-bin") &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                  absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
         });
}

void CheckHeaders(const v1::Traces& in, Traces* out, Checker* checker) {
  const std::map<std::string, std::string> sorted(in.headers().begin(), in.headers().end());
  for (const auto& [name, value] : sorted) {
    const std::string path = absl::StrCat("traces.headers.", name);
    if (!IsMetadataName(name)) {
      checker->Add(
          path, "not a name for gRPC metadata: lower-case letters, digits, '-', '_' and '.', not grpc-... or ...-bin");
    } else if (!std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; })) {
      checker->Add(path, "the value holds something else than printable ASCII");
    }
    out->headers.emplace_back(name, Secret(value));
  }
}

}  // namespace

Traces CheckTraces(const v1::Traces& in, Checker* checker) {
  Traces out;
  if (in.has_endpoint()) {
    CheckEndpoint(in, &out, checker);
  } else if (in.ByteSizeLong() > 0) {
    checker->Add("traces.endpoint", "required where traces has anything; without it no spans are sent");
  }
  if (in.has_sample()) {
    out.sample = in.sample();
    if (!(in.sample() >= 0 && in.sample() <= 1)) {
      checker->Add("traces.sample", absl::StrCat(in.sample(), " is out of range; take 0 to 1"));
    }
  }
  if (in.has_service_name()) {
    out.service_name = in.service_name();
    if (in.service_name().empty()) checker->Add("traces.service_name", "must not be empty; remove it for \"sluice\"");
  }
  if (in.has_ca_file()) {
    absl::Time expiry;  // the collector's matter
    out.ca_pem = checker->ReadCertificates("traces.ca_file", in.ca_file(), &expiry);
    if (!out.tls && !checker->problems().Has("traces.endpoint")) {
      checker->Add("traces.ca_file", "is of no use with a plaintext endpoint; remove it, or write https://");
    }
  }
  CheckHeaders(in, &out, checker);
  return out;
}

}  // namespace sluice::config
