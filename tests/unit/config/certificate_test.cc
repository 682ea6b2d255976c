#include "server/config/certificate.h"

#include <gtest/gtest.h>
#include <openssl/ui.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/fakes/certificates.h"

namespace sluice::config {
namespace {

class CertificateTest : public ::testing::Test {
 protected:
  const fakes::Authority authority_;
  const fakes::Certificate leaf_ = authority_.Issue();
};

TEST_F(CertificateTest, TheFirstOfAChainToExpireCounts) {
  const absl::Time now = absl::Now();
  const std::string hour = authority_.Issue({.valid_for_seconds = 3600}).Pem();
  const std::string week = authority_.Issue({.valid_for_seconds = 7 * 24 * 3600}).Pem();
  for (const std::string& chain : {hour, absl::StrCat(hour, week), absl::StrCat(week, "\n# a word between\n", hour)}) {
    const auto expiry = ReadExpiry(chain);
    ASSERT_TRUE(expiry.ok()) << expiry.status();
    EXPECT_LT(absl::AbsDuration(*expiry - (now + absl::Hours(1))), absl::Minutes(2));
  }
}

TEST_F(CertificateTest, OneThatHasExpiredIsReadAllTheSame) {
  const auto expiry = ReadExpiry(authority_.Issue({.valid_for_seconds = -3600}).Pem());
  ASSERT_TRUE(expiry.ok()) << expiry.status();
  EXPECT_LT(*expiry, absl::Now());
}

TEST_F(CertificateTest, WhatIsNoCertificateIsRefused) {
  const std::string broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  for (const std::string& pem : {std::string(), std::string("text"), broken, absl::StrCat(leaf_.Pem(), broken),
                                 leaf_.Pem().substr(0, leaf_.Pem().size() / 2), leaf_.KeyPem()}) {
    EXPECT_EQ(ReadExpiry(pem).status().code(), absl::StatusCode::kInvalidArgument) << pem;
  }
}

TEST_F(CertificateTest, OneThatTlsDoesNotServeIsRefusedWithTheReason) {
  EXPECT_TRUE(CheckCertificate(leaf_.Pem()).ok());
  EXPECT_TRUE(CheckCertificate(authority_.Issue({.rsa_bits = 2048}).Pem()).ok());
  EXPECT_EQ(CheckCertificate(authority_.Issue({.rsa_bits = 1024}).Pem()).message(),
            "holds a certificate that OpenSSL does not serve (ee key too small): issue a stronger one");
  EXPECT_TRUE(CheckCertificate(absl::StrCat(leaf_.Pem(), authority_.Pem())).ok());
  EXPECT_EQ(CheckCertificate(absl::StrCat(leaf_.Pem(), fakes::Authority(1024).Pem())).message(),
            "holds a certificate that OpenSSL does not serve (ca key too small): issue a stronger one");
  EXPECT_EQ(CheckCertificate("text").message(), "holds a certificate that cannot be read");
}

TEST_F(CertificateTest, WhatIsEncryptedIsRefusedWithoutAskingTheTerminal) {
  static bool asked = false;
  const std::unique_ptr<UI_METHOD, decltype(&UI_destroy_method)> terminal(UI_create_method("test"), &UI_destroy_method);
  UI_method_set_opener(terminal.get(), [](UI*) {
    asked = true;
    return 0;
  });
  UI_set_default_method(terminal.get());
  const std::string pem = leaf_.Pem();
  const size_t body = pem.find('\n') + 1;
  const std::string encrypted = absl::StrCat(
      pem.substr(0, body), "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n",
      pem.substr(body));
  EXPECT_EQ(ReadExpiry(encrypted).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(asked);
  UI_set_default_method(nullptr);
}

TEST_F(CertificateTest, AKeyBelongsToTheChainsFirstCertificate) {
  const std::string chain = absl::StrCat(leaf_.Pem(), authority_.Pem());
  EXPECT_TRUE(CheckKeyPair(chain, leaf_.KeyPem()).ok());
  EXPECT_EQ(CheckKeyPair(absl::StrCat(authority_.Pem(), leaf_.Pem()), leaf_.KeyPem()).message(),
            "is not the key of the first certificate in listen.grpc.tls.cert");
  EXPECT_EQ(CheckKeyPair(chain, authority_.Issue().KeyPem()).message(),
            "is not the key of the first certificate in listen.grpc.tls.cert");
  EXPECT_EQ(CheckKeyPair(chain, "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n").message(),
            "holds a private key that cannot be read; it must have no passphrase");
}

}  // namespace
}  // namespace sluice::config
