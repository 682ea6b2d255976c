#include "server/dialect/gemini/models.h"

#include "absl/strings/strip.h"
#include "server/dialect/gemini/failure.h"
#include "server/dialect/model_list.h"

namespace sluice::dialect::gemini {
namespace {

bool CanChat(json::Value entry) {
  const json::Value methods = entry.Find("supportedGenerationMethods");
  if (!methods.is_array()) return true;
  for (const json::Value method : methods.elements()) {
    if (method.AsString() == "generateContent" || method.AsString() == "streamGenerateContent") return true;
  }
  return false;
}

std::optional<Model> ReadModel(json::Value entry) {
  if (!CanChat(entry)) return std::nullopt;
  return Model{std::string(absl::StripPrefix(entry.Find("name").AsString(), "models/")), "google",
               /*created=*/std::nullopt, ReadContextLength(entry.Find("inputTokenLimit"))};
}

}  // namespace

absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) {
  return ReadModelList(body, {.list = [](json::Value root) { return root.Find("models"); },
                              .model = ReadModel,
                              .error = [](json::Value root) { return ReadFailure(root, /*http_status=*/0); }});
}

}  // namespace sluice::dialect::gemini
