#ifndef SLUICE_SERVER_DEMO_CERTIFICATE_H_
#define SLUICE_SERVER_DEMO_CERTIFICATE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sluice::demo {

// A certificate for this machine's loopback and the authority that signed it, as PEM.
struct LoopbackCertificate {
  std::string ca;           // what a client must trust
  std::string certificate;  // for 127.0.0.1, ::1 and localhost
  std::string private_key;
};

// Makes a fresh authority and certificate (EC P-256), valid from one hour before `now` to seven days after it. The
// authority's key is thrown away: nothing else will ever be signed by it.
absl::StatusOr<LoopbackCertificate> MakeLoopbackCertificate(absl::Time now);

}  // namespace sluice::demo

#endif  // SLUICE_SERVER_DEMO_CERTIFICATE_H_
