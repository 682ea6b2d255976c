#include "server/demo/certificate.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <utility>

namespace sluice::demo {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

bool SetSerial(X509* certificate) {
  const Number serial(BN_new());  // RFC 5280 4.1.2.2: positive, at most 20 bytes, unique
  return serial != nullptr && BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetValidity(X509* certificate, absl::Time now) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(now - absl::Hours(1))) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(now + absl::Hours(7 * 24))) != nullptr;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// All but issuer, extensions and signature; null on failure.
Certificate NewCertificate(EVP_PKEY* key, const char* common_name, absl::Time now) {
  Certificate certificate(X509_new());
  if (certificate == nullptr) return nullptr;
  X509* const x509 = certificate.get();
  const bool ok = X509_set_version(x509, X509_VERSION_3) == 1 && SetSerial(x509) && SetValidity(x509, now) &&
                  X509_set_pubkey(x509, key) == 1 &&
                  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0) == 1;
  return ok ? std::move(certificate) : nullptr;
}

bool SignAuthority(X509* ca, EVP_PKEY* key) {
  return X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1 &&
         AddExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         AddExtension(ca, ca, NID_key_usage, "critical,keyCertSign") &&
         AddExtension(ca, ca, NID_subject_key_identifier, "hash") && X509_sign(ca, key, EVP_sha256()) > 0;
}

bool SignServer(X509* server, X509* ca, EVP_PKEY* ca_key) {
  return X509_set_issuer_name(server, X509_get_subject_name(ca)) == 1 &&
         AddExtension(server, ca, NID_basic_constraints, "critical,CA:FALSE") &&
         AddExtension(server, ca, NID_key_usage, "critical,digitalSignature") &&
         AddExtension(server, ca, NID_ext_key_usage, "serverAuth") &&
         AddExtension(server, ca, NID_subject_alt_name, "IP:127.0.0.1,IP:::1,DNS:localhost") &&
         AddExtension(server, ca, NID_authority_key_identifier, "keyid") && X509_sign(server, ca_key, EVP_sha256()) > 0;
}

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string ToPem(X509* certificate) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (out == nullptr || PEM_write_bio_X509(out.get(), certificate) != 1) return "";
  return Contents(out.get());
}

std::string ToPem(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()));
  if (out == nullptr || PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) return "";
  return Contents(out.get());
}

}  // namespace

absl::StatusOr<LoopbackCertificate> MakeLoopbackCertificate(absl::Time now) {
  const absl::Status failed = absl::UnavailableError("OpenSSL could not make the demo's certificate");
  const Key ca_key(EVP_EC_gen("P-256"));
  const Key server_key(EVP_EC_gen("P-256"));
  if (ca_key == nullptr || server_key == nullptr) return failed;
  const Certificate ca = NewCertificate(ca_key.get(), "Sluice demo authority", now);
  const Certificate server = NewCertificate(server_key.get(), "Sluice demo upstream", now);
  if (ca == nullptr || server == nullptr || !SignAuthority(ca.get(), ca_key.get()) ||
      !SignServer(server.get(), ca.get(), ca_key.get())) {
    return failed;
  }
  LoopbackCertificate made{ToPem(ca.get()), ToPem(server.get()), ToPem(server_key.get())};
  if (made.ca.empty() || made.certificate.empty() || made.private_key.empty()) return failed;
  return made;
}

}  // namespace sluice::demo
