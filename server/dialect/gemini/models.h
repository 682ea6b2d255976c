#ifndef SLUICE_SERVER_DIALECT_GEMINI_MODELS_H_
#define SLUICE_SERVER_DIALECT_GEMINI_MODELS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"

namespace sluice::dialect::gemini {

// Reads the body of GET /models: those that can chat, by their names without "models/". UNAVAILABLE if the body is an
// error all the same, INTERNAL if it is no list.
absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body);

}  // namespace sluice::dialect::gemini

#endif  // SLUICE_SERVER_DIALECT_GEMINI_MODELS_H_
