#include "server/config/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "absl/strings/str_cat.h"

namespace sluice::config {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Open(const std::string& pem) { return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free); }

// What is encrypted would make OpenSSL ask the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

// Null at the end of the text, and where it holds something that is no certificate.
Certificate ReadNext(BIO* bio) {
  return Certificate(PEM_read_bio_X509_AUX(bio, nullptr, &NoPassphrase, nullptr), &X509_free);
}

absl::Time ExpiryOf(const X509* certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1) return absl::InfinitePast();
  return absl::FromTM(time, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<absl::Time> ReadExpiry(const std::string& pem) {
  const Bio bio = Open(pem);
  absl::Time first = absl::InfiniteFuture();
  ERR_clear_error();
  while (const Certificate certificate = ReadNext(bio.get())) first = std::min(first, ExpiryOf(certificate.get()));
  // The end of a text without a further block reads as "no start line".
  const bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!whole || first == absl::InfiniteFuture()) {
    return absl::InvalidArgumentError("holds a certificate that cannot be read");
  }
  return first;
}

// The system's OpenSSL has a level of security, below which a certificate fails every handshake: with a key too short,
// or signed by a digest too weak. It looks at the whole chain.
absl::Status CheckCertificate(const std::string& certificate_chain) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const Bio bio = Open(certificate_chain);
  const Certificate first = ReadNext(bio.get());
  ERR_clear_error();
  if (first == nullptr) return absl::InvalidArgumentError("holds a certificate that cannot be read");
  bool taken = context != nullptr && SSL_CTX_use_certificate(context.get(), first.get()) == 1;
  for (Certificate next = ReadNext(bio.get()); taken && next != nullptr; next = ReadNext(bio.get())) {
    taken = SSL_CTX_add1_chain_cert(context.get(), next.get()) == 1;
  }
  const char* const why = taken ? nullptr : ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  if (taken) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("holds a certificate that OpenSSL does not serve (",
                                                 why == nullptr ? "no reason given" : why, "): issue a stronger one"));
}

absl::Status CheckKeyPair(const std::string& certificate_chain, const std::string& private_key) {
  const Certificate certificate = ReadNext(Open(certificate_chain).get());
  const Key key(PEM_read_bio_PrivateKey(Open(private_key).get(), nullptr, &NoPassphrase, nullptr), &EVP_PKEY_free);
  const bool match = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!key) return absl::InvalidArgumentError("holds a private key that cannot be read; it must have no passphrase");
  if (!match) return absl::InvalidArgumentError("is not the key of the first certificate in listen.grpc.tls.cert");
  return absl::OkStatus();
}

}  // namespace sluice::config
