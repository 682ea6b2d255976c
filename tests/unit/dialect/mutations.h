#ifndef SLUICE_TESTS_UNIT_DIALECT_MUTATIONS_H_
#define SLUICE_TESTS_UNIT_DIALECT_MUTATIONS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "server/base/id.h"
#include "server/dialect/codec.h"

namespace sluice::dialect {

// Damages the seeds, bodies of event streams, in 8,000 ways, the same ones in every run. Whatever comes, the answer
// ends, the sink's contract holds (the recorder sees to that), and the events do not depend on how the bytes were cut.
void ExpectThatMutationsKeepTheContract(const std::vector<std::string>& seeds,
                                        absl::FunctionRef<std::unique_ptr<StreamDecoder>(IdSource& ids)> make);

}  // namespace sluice::dialect

#endif  // SLUICE_TESTS_UNIT_DIALECT_MUTATIONS_H_
