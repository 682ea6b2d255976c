#ifndef SLUICE_TESTS_UNIT_EDGE_GRPC_DESCRIBE_H_
#define SLUICE_TESTS_UNIT_EDGE_GRPC_DESCRIBE_H_

#include <string>

#include "server/chat/request.h"

namespace sluice::edge {

// Everything that a plain request holds, as text: two that differ anywhere differ here. A line a member that is set.
std::string Describe(const chat::Request& request);
std::string Describe(const chat::Message& message);

}  // namespace sluice::edge

#endif  // SLUICE_TESTS_UNIT_EDGE_GRPC_DESCRIBE_H_
