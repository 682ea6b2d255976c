#ifndef SLUICE_SERVER_DIALECT_MODEL_LIST_H_
#define SLUICE_SERVER_DIALECT_MODEL_LIST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/dialect/codec.h"
#include "server/json/tape.h"

namespace sluice::dialect {

// What differs between the lists of models that providers send.
struct ModelListForm {
  // The array of models in the document; anything else if there is none.
  absl::FunctionRef<json::Value(json::Value root)> list;
  // One entry of it; nothing for what is no model to chat with.
  absl::FunctionRef<std::optional<Model>(json::Value entry)> model;
  // The error that a document is in place of a list.
  absl::FunctionRef<chat::Error(json::Value root)> error;
};

// Reads the body of a list of models; invalid UTF-8 in it is replaced. UNAVAILABLE if the body is an error all the same
// (relays answer 200 with one), INTERNAL if it is no list.
absl::StatusOr<std::vector<Model>> ReadModelList(absl::string_view body, const ModelListForm& form);

// A context's length in tokens; nothing for what is no number above 0 (some relays send 0 for "unknown").
std::optional<int64_t> ReadContextLength(json::Value length);

}  // namespace sluice::dialect

#endif  // SLUICE_SERVER_DIALECT_MODEL_LIST_H_
