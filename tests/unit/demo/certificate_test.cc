#include "server/demo/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace sluice::demo {
namespace {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

X509Ptr Read(const std::string& pem) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509Ptr certificate(PEM_read_bio_X509(in, nullptr, nullptr, nullptr), X509_free);
  BIO_free(in);
  return certificate;
}

// What a client that trusts `ca` makes of the certificate at `time`: X509_V_OK or the reason against it.
int Verify(X509* ca, X509* certificate, absl::Time time) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, ca);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, certificate, nullptr);
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(param, absl::ToTimeT(time));
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
  X509_verify_cert(context);
  const int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return error;
}

class CertificateTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto made = MakeLoopbackCertificate(now_);
    ASSERT_TRUE(made.ok()) << made.status();
    pem_ = *made;
    ca_ = Read(made->ca);
    certificate_ = Read(made->certificate);
    ASSERT_TRUE(ca_ != nullptr && certificate_ != nullptr);
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  LoopbackCertificate pem_;
  X509Ptr ca_{nullptr, X509_free};
  X509Ptr certificate_{nullptr, X509_free};
};

TEST_F(CertificateTest, AClientThatTrustsTheAuthorityAcceptsIt) {
  EXPECT_EQ(Verify(ca_.get(), certificate_.get(), now_), X509_V_OK);
}

TEST_F(CertificateTest, HoldsFromAnHourBeforeToSevenDaysAfter) {
  EXPECT_EQ(Verify(ca_.get(), certificate_.get(), now_ - absl::Minutes(59)), X509_V_OK);
  EXPECT_EQ(Verify(ca_.get(), certificate_.get(), now_ - absl::Minutes(61)), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(Verify(ca_.get(), certificate_.get(), now_ + absl::Hours(7 * 24 - 1)), X509_V_OK);
  EXPECT_EQ(Verify(ca_.get(), certificate_.get(), now_ + absl::Hours(7 * 24 + 1)), X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_F(CertificateTest, AnotherAuthorityDoesNotVouchForIt) {
  const auto other = MakeLoopbackCertificate(now_);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(other->private_key, pem_.private_key);
  EXPECT_NE(Verify(Read(other->ca).get(), certificate_.get(), now_), X509_V_OK);
}

TEST_F(CertificateTest, IsForTheLoopbackOnly) {
  EXPECT_EQ(X509_check_ip_asc(certificate_.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate_.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_host(certificate_.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate_.get(), "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_check_host(certificate_.get(), "example.com", 0, 0, nullptr), 0);
}

TEST_F(CertificateTest, TheServerCannotSignForOthers) {
  EXPECT_EQ(X509_check_ca(ca_.get()), 1);
  EXPECT_EQ(X509_check_ca(certificate_.get()), 0);
}

}  // namespace
}  // namespace sluice::demo
