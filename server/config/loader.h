#ifndef SLUICE_SERVER_CONFIG_LOADER_H_
#define SLUICE_SERVER_CONFIG_LOADER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/environment.h"
#include "server/config/snapshot.h"

namespace sluice::config {

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// All three give a Snapshot or InvalidArgument whose message lists everything that is wrong, one problem a line, as
// "sluice.yaml:12: upstreams.holysheep.timeouts.conect: unknown field (did you mean "connect"?); known here: ...".
// No message holds a key, a URL, a header's value, the name of a key file, or text that came out of a variable, but for
// what api_key_prefix demands.
// `dialects` are the words that an upstream's dialect may be.

// The YAML file at `path`. Its path is the first of Snapshot::files.
absl::StatusOr<SnapshotPtr> LoadFile(const std::string& path, const Environment& environment,
                                     const std::vector<std::string>& dialects);

// YAML text; errors call it `name`.
absl::StatusOr<SnapshotPtr> LoadText(const std::string& yaml, const std::string& name, const Environment& environment,
                                     const std::vector<std::string>& dialects);

// No file: one upstream "holysheep" that HOLYSHEEP_API_KEY opens. HOLYSHEEP_BASE_URL, SLUICE_GRPC_ADDRESS,
// SLUICE_OPS_ADDRESS and SLUICE_INSECURE=true (plaintext on an address that is not loopback) may be set too; an empty
// variable counts as none.
absl::StatusOr<SnapshotPtr> LoadEnvironment(const Environment& environment, const std::vector<std::string>& dialects);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_LOADER_H_
