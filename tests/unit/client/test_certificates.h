#ifndef SLUICE_TESTS_UNIT_CLIENT_TEST_CERTIFICATES_H_
#define SLUICE_TESTS_UNIT_CLIENT_TEST_CERTIFICATES_H_

#include <string>

namespace sluice::testing {

// A fresh key and a certificate for 127.0.0.1 and gateway.test, signed by itself, as PEM: its own authority.
struct TestCertificates {
  TestCertificates();
  std::string certificate;
  std::string key;
};

}  // namespace sluice::testing

#endif  // SLUICE_TESTS_UNIT_CLIENT_TEST_CERTIFICATES_H_
