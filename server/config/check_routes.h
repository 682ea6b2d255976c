#ifndef SLUICE_SERVER_CONFIG_CHECK_ROUTES_H_
#define SLUICE_SERVER_CONFIG_CHECK_ROUTES_H_

#include <string>
#include <vector>

#include "server/config/checker.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {

// The routes of `config`, whose upstreams are named `upstreams`, checked together with default_model. Problems go to
// the checker.
std::vector<Route> CheckRoutes(const v1::Config& config, const std::vector<std::string>& upstreams, Checker* checker);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECK_ROUTES_H_
