#include "server/config/check_listen.h"

#include "absl/strings/str_cat.h"
#include "server/config/address.h"
#include "server/config/certificate.h"

namespace sluice::config {
namespace {

// The address as written, or `fallback`. `loopback` tells whether it stays on the machine.
std::string CheckAddress(const std::string& path, bool given, const std::string& text, const std::string& fallback,
                         Checker* checker, bool* loopback) {
  *loopback = true;
  if (!given) return fallback;
  const absl::StatusOr<HostPort> parsed = ParseListenAddress(text);
  if (!parsed.ok()) {
    checker->Add(path, absl::StrCat("not an address to listen on: ", parsed.status().message(),
                                    "; write IP:port, as in 127.0.0.1:50051 or 0.0.0.0:50051"));
    return fallback;
  }
  *loopback = IsLoopback(parsed->host);
  return text;
}

ListenerTls CheckTls(const v1::ListenerTls& in, Checker* checker) {
  const std::string path = "listen.grpc.tls";
  ListenerTls out;
  out.cert_file = in.cert();
  out.key_file = in.key();
  out.client_ca_file = in.client_ca();
  const auto required = [&](const std::string& field, bool given) {
    if (!given && !checker->problems().Has(field)) checker->Add(field, "required within tls; name a PEM file");
    return given;
  };
  if (required(path + ".cert", in.has_cert())) {
    out.certificate_chain = checker->ReadCertificates(path + ".cert", in.cert(), &out.certificate_expiry);
  }
  if (required(path + ".key", in.has_key())) {
    out.private_key = Secret(checker->ReadPem(path + ".key", in.key(), "PRIVATE KEY").value_or(""));
  }
  if (in.has_client_ca()) {
    out.client_ca = checker->ReadCertificates(path + ".client_ca", in.client_ca(), &out.client_ca_expiry);
  }
  if (!out.certificate_chain.empty() && !checker->problems().Has(path + ".cert")) {
    const absl::Status served = CheckCertificate(out.certificate_chain);
    if (!served.ok()) checker->Add(path + ".cert", absl::StrCat("the file named here ", served.message()));
  }
  if (!out.certificate_chain.empty() && !out.private_key.empty() && !checker->problems().Has(path + ".cert")) {
    const absl::Status pair = CheckKeyPair(out.certificate_chain, out.private_key.Reveal());
    if (!pair.ok()) checker->Add(path + ".key", absl::StrCat("the file named here ", pair.message()));
  }
  return out;
}

}  // namespace

Listen CheckListen(const v1::Listen& in, Checker* checker) {
  Listen out;
  bool loopback = true;
  out.ops = CheckAddress("listen.ops", in.has_ops(), in.ops(), out.ops, checker, &loopback);
  const v1::GrpcListener& grpc = in.grpc();
  out.grpc.address =
      CheckAddress("listen.grpc.address", grpc.has_address(), grpc.address(), out.grpc.address, checker, &loopback);
  if (grpc.has_tls()) {
    out.grpc.tls = CheckTls(grpc.tls(), checker);
    if (grpc.insecure()) checker->Add("listen.grpc.insecure", "contradicts tls; remove one of the two");
  } else if (!loopback && !grpc.insecure() && !checker->problems().Has("listen.grpc.insecure")) {
    checker->Add("listen.grpc.address",
                 absl::StrCat("plaintext on an address that is not loopback; add listen.grpc.tls, or set ",
                              checker->problems().NameOf("listen.grpc.insecure"), " to true"));
  }
  return out;
}

}  // namespace sluice::config
