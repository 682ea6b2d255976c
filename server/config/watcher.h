#ifndef SLUICE_SERVER_CONFIG_WATCHER_H_
#define SLUICE_SERVER_CONFIG_WATCHER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/config/snapshot.h"

namespace sluice::config {

// Tells when the content of a file changes: written in place, replaced by a rename, removed, or reached by another way
// because a symbolic link on its path was turned (which is how Kubernetes updates a mounted Secret or ConfigMap). It
// watches directories, not files, and compares contents, so that a touch or a rewrite of the same bytes is no change.
//
// Start with the files of a Snapshot; after each successful reload call Watch with the new one's. As fingerprints come
// from the bytes the loader read, a change between reading and watching is not missed.
class Watcher {
 public:
  // `on_change` runs on the watcher's own thread, once for any number of changes that come within a moment, and never
  // after the destructor returned. It may call Watch.
  static absl::StatusOr<std::unique_ptr<Watcher>> Start(std::vector<SourceFile> files, std::function<void()> on_change);

  // Stops and joins. Not from inside `on_change`.
  virtual ~Watcher() = default;

  // Replaces the set of files. Any thread.
  virtual void Watch(std::vector<SourceFile> files) = 0;
};

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_WATCHER_H_
