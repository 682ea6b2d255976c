#include "server/dialect/gemini/models.h"

#include "absl/strings/strip.h"
#include "server/base/utf8.h"
#include "server/dialect/errors.h"
#include "server/dialect/gemini/failure.h"
#include "server/json/tape.h"

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

}  // namespace

absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) {
  const std::string text = RepairUtf8(body);
  json::Tape tape;
  if (tape.Parse(text) != json::Tape::Result::kOk) {
    return absl::InternalError("the upstream's list of models is not JSON: check base_url of this upstream");
  }
  const json::Value list = tape.root().Find("models");
  if (!list.is_array()) {
    if (IsError(tape.root())) return absl::UnavailableError(ReadFailure(tape.root(), /*http_status=*/0).message);
    return absl::InternalError(
        "the upstream's answer is no list of models: check that base_url of this upstream ends where /models begins");
  }
  std::vector<Model> models;
  for (const json::Value entry : list.elements()) {
    const absl::string_view id = absl::StripPrefix(entry.Find("name").AsString(), "models/");
    if (id.empty() || !CanChat(entry)) continue;
    const auto context = entry.Find("inputTokenLimit").AsInt64();
    models.push_back(
        {std::string(id), "google", /*created=*/std::nullopt, context && *context > 0 ? context : std::nullopt});
  }
  return models;
}

}  // namespace sluice::dialect::gemini
