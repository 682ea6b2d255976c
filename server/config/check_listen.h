#ifndef SLUICE_SERVER_CONFIG_CHECK_LISTEN_H_
#define SLUICE_SERVER_CONFIG_CHECK_LISTEN_H_

#include "server/config/checker.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {

// The `listen` section with its certificates read, and defaults. Problems go to the checker.
Listen CheckListen(const v1::Listen& listen, Checker* checker);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECK_LISTEN_H_
