#ifndef SLUICE_TESTS_UNIT_EDGE_GRPC_ALLOCATIONS_H_
#define SLUICE_TESTS_UNIT_EDGE_GRPC_ALLOCATIONS_H_

#include <cstddef>

namespace sluice::edge {

// How often this thread has called operator new.
size_t Allocations();

}  // namespace sluice::edge

#endif  // SLUICE_TESTS_UNIT_EDGE_GRPC_ALLOCATIONS_H_
