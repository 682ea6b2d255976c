#ifndef SLUICE_TESTS_UNIT_DIALECT_ALLOCATIONS_H_
#define SLUICE_TESTS_UNIT_DIALECT_ALLOCATIONS_H_

#include <cstdint>

namespace sluice::dialect {

// Calls of operator new in this program so far.
int64_t Allocations();

}  // namespace sluice::dialect

#endif  // SLUICE_TESTS_UNIT_DIALECT_ALLOCATIONS_H_
