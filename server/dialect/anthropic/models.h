#ifndef SLUICE_SERVER_DIALECT_ANTHROPIC_MODELS_H_
#define SLUICE_SERVER_DIALECT_ANTHROPIC_MODELS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::anthropic {

// Reads the body of GET /models. Entries without an id are left out. UNAVAILABLE if the body is an error all the same,
// INTERNAL if it is no list.
absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body);

}  // namespace sluice::dialect::anthropic

#endif  // SLUICE_SERVER_DIALECT_ANTHROPIC_MODELS_H_
