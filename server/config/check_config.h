#ifndef SLUICE_SERVER_CONFIG_CHECK_CONFIG_H_
#define SLUICE_SERVER_CONFIG_CHECK_CONFIG_H_

#include <string>
#include <vector>

#include "server/config/checker.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {

// The whole configuration, checked, with defaults. Worth using only if the checker has no problems afterwards.
Snapshot CheckConfig(const v1::Config& config, const std::vector<std::string>& dialects, Checker* checker);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECK_CONFIG_H_
