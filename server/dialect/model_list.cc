#include "server/dialect/model_list.h"

#include <string>
#include <utility>

#include "server/base/utf8.h"
#include "server/dialect/errors.h"

namespace sluice::dialect {

absl::StatusOr<std::vector<Model>> ReadModelList(absl::string_view body, const ModelListForm& form) {
  const std::string text = RepairUtf8(body);
  json::Tape tape;
  if (tape.Parse(text) != json::Tape::Result::kOk) {
    return absl::InternalError("the upstream's list of models is not JSON: check base_url of this upstream");
  }
  const json::Value root = tape.root();
  const json::Value list = form.list(root);
  if (!list.is_array()) {
    if (IsError(root)) return absl::UnavailableError(form.error(root).message);
    return absl::InternalError(
        "the upstream's answer is no list of models: check that base_url of this upstream ends where /models begins");
  }
  std::vector<Model> models;
  for (const json::Value entry : list.elements()) {
    std::optional<Model> model = form.model(entry);
    if (model && !model->id.empty()) models.push_back(*std::move(model));
  }
  return models;
}

std::optional<int64_t> ReadContextLength(json::Value length) {
  const std::optional<int64_t> tokens = length.AsInt64();
  return tokens && *tokens > 0 ? tokens : std::nullopt;
}

}  // namespace sluice::dialect
