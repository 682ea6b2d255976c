#ifndef SLUICE_TESTS_FAKES_CERTIFICATES_H_
#define SLUICE_TESTS_FAKES_CERTIFICATES_H_

#include <openssl/types.h>

#include <memory>
#include <string>

namespace sluice::fakes {

struct Certificate {
  std::shared_ptr<X509> x509;
  std::shared_ptr<EVP_PKEY> key;
  std::string Pem() const;
  std::string KeyPem() const;
};

// A certificate authority made in memory.
class Authority {
 public:
  explicit Authority(unsigned rsa_bits = 0);  // 0: a key of P-256
  std::string Pem() const { return ca_.Pem(); }

  struct Leaf {
    std::string names = "DNS:localhost,IP:127.0.0.1";  // subjectAltName, as OpenSSL writes it
    long valid_for_seconds = 24 * 3600;                // below 0: expired
    unsigned rsa_bits = 0;                             // 0: a key of P-256
  };
  Certificate Issue(const Leaf& leaf) const;
  Certificate Issue() const { return Issue(Leaf{}); }

 private:
  Certificate ca_;
};

}  // namespace sluice::fakes

#endif  // SLUICE_TESTS_FAKES_CERTIFICATES_H_
