#ifndef SLUICE_SERVER_UPSTREAM_TRUST_H_
#define SLUICE_SERVER_UPSTREAM_TRUST_H_

#include <openssl/types.h>

#include <memory>

#include "absl/status/statusor.h"
#include "server/upstream/client.h"

namespace sluice::upstream {

using TrustStore = std::shared_ptr<X509_STORE>;

// The certificate authorities of `tls`, parsed once and shared by all connections of the process: the system's bundle
// takes milliseconds to read. A ca_file is read anew when it has changed. Thread safe.
absl::StatusOr<TrustStore> LoadTrust(const Tls& tls);

}  // namespace sluice::upstream

#endif  // SLUICE_SERVER_UPSTREAM_TRUST_H_
