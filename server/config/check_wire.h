#ifndef SLUICE_SERVER_CONFIG_CHECK_WIRE_H_
#define SLUICE_SERVER_CONFIG_CHECK_WIRE_H_

#include <string>

#include "server/config/checker.h"
#include "sluice/config/v1/config.pb.h"

namespace sluice::config {

// One upstream's `wire`, which stands at `path`.
Wire CheckWire(const v1::Wire& in, const std::string& path, Checker* checker);

}  // namespace sluice::config

#endif  // SLUICE_SERVER_CONFIG_CHECK_WIRE_H_
