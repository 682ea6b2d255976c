#ifndef SLUICE_SERVER_CONFIG_CHECK_TRACES_H_
#define SLUICE_SERVER_CONFIG_CHECK_TRACES_H_

#include "server/config/checker.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {

// The `traces` section, with defaults. Problems go to the checker.
Traces CheckTraces(const v1::Traces& traces, Checker* checker);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECK_TRACES_H_
