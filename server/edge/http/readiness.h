#ifndef SLUICE_SERVER_EDGE_HTTP_READINESS_H_
#define SLUICE_SERVER_EDGE_HTTP_READINESS_H_

#include <map>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::edge_http {

// What the last look at an upstream found. For people who ask why calls fail: it decides nothing.
struct UpstreamHealth {
  bool reachable = false;
  int status = 0;                                // HTTP status of the last look; 0: no reply came
  int models = 0;                                // how many it offers; 0 also when it has no list
  absl::Duration latency = {};                   // of the last look
  absl::Time checked_at = absl::InfinitePast();  // InfinitePast: not yet
  std::string detail = {};                       // what to know or change; never a key
};

// Whether callers should be sent here, and what is known of the upstreams. Thread safe.
//
// Starts "starting", becomes ready with SetReady, and "draining" for good with SetDraining. An upstream that is down
// never makes it unready: that would take the door away from callers of all the others, everywhere at once.
class Readiness {
 public:
  void SetReady();
  void SetDraining();
  // Adds or replaces.
  void SetUpstream(absl::string_view name, UpstreamHealth health);
  // One that the configuration no longer has; unknown names are no error.
  void RemoveUpstream(absl::string_view name);

  struct Snapshot {
    bool ready = false;
    absl::string_view reason;  // "starting", "serving" or "draining"
    std::map<std::string, UpstreamHealth> upstreams;
  };
  Snapshot Get() const;

 private:
  enum class Phase { kStarting, kServing, kDraining };

  mutable std::mutex mutex_;
  Phase phase_ = Phase::kStarting;
  std::map<std::string, UpstreamHealth> upstreams_;
};

}  // namespace sluice::edge_http

#endif  // SLUICE_SERVER_EDGE_HTTP_READINESS_H_
