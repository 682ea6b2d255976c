#ifndef SLUICE_SERVER_CONFIG_CHECK_UPSTREAM_H_
#define SLUICE_SERVER_CONFIG_CHECK_UPSTREAM_H_

#include <string>
#include <vector>

#include "server/config/checker.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {

// The upstream `name` with its key read, and defaults. `dialects` are those that exist. Problems go to the checker.
Upstream CheckUpstream(const std::string& name, const v1::Upstream& upstream, const std::vector<std::string>& dialects,
                       Checker* checker);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECK_UPSTREAM_H_
