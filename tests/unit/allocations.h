#ifndef SLUICE_TESTS_UNIT_ALLOCATIONS_H_
#define SLUICE_TESTS_UNIT_ALLOCATIONS_H_

#include <cstddef>

namespace sluice {

// How often this thread has called operator new, in a program that compiles allocations.cc.
size_t Allocations();

}  // namespace sluice

#endif  // SLUICE_TESTS_UNIT_ALLOCATIONS_H_
