#include "tests/fakes/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>

#include "absl/strings/str_cat.h"

namespace sluice::fakes {
namespace {

std::string Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate Blank(const std::string& role, long valid_for_seconds, unsigned rsa_bits = 0) {
  static std::atomic<long> serials{1};
  const long serial = serials++;
  const std::string common_name = absl::StrCat("sluice test ", role, " ", serial);
  Certificate made;
  made.key.reset(rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(rsa_bits), &EVP_PKEY_free);
  made.x509.reset(X509_new(), &X509_free);
  X509* x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -48 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), valid_for_seconds);
  X509_set_pubkey(x509, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return made;
}

}  // namespace

std::string Certificate::Pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, x509.get());
  return Drain(bio);
}

std::string Certificate::KeyPem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return Drain(bio);
}

Authority::Authority(unsigned rsa_bits) : ca_(Blank("authority", 24 * 3600, rsa_bits)) {
  X509* x509 = ca_.x509.get();
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  AddExtension(x509, x509, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(x509, x509, NID_subject_key_identifier, "hash");
  X509_sign(x509, ca_.key.get(), EVP_sha256());
}

Certificate Authority::Issue(const Leaf& leaf) const {
  Certificate made = Blank("server", leaf.valid_for_seconds, leaf.rsa_bits);
  X509* x509 = made.x509.get();
  X509_set_issuer_name(x509, X509_get_subject_name(ca_.x509.get()));
  AddExtension(x509, ca_.x509.get(), NID_subject_alt_name, leaf.names.c_str());
  AddExtension(x509, ca_.x509.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  X509_sign(x509, ca_.key.get(), EVP_sha256());
  return made;
}

}  // namespace sluice::fakes
