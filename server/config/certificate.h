#ifndef SLUICE_SERVER_CONFIG_CERTIFICATE_H_
#define SLUICE_SERVER_CONFIG_CERTIFICATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sluice::config {

// When the first of the certificates in a PEM text expires. INVALID_ARGUMENT if one of them cannot be read, or there is
// none. One that has expired already is no error: a gateway that starts must not depend on the clock of who renews it.
absl::StatusOr<absl::Time> ReadExpiry(const std::string& pem);

// Whether TLS serves the chain. INVALID_ARGUMENT says why it does not.
absl::Status CheckCertificate(const std::string& certificate_chain);

// Whether the key (PEM) is that of the chain's first certificate. INVALID_ARGUMENT says what is wrong, without a byte
// of either.
absl::Status CheckKeyPair(const std::string& certificate_chain, const std::string& private_key);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CERTIFICATE_H_
