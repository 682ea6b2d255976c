#include "server/dialect/anthropic/models.h"

#include "absl/time/time.h"
#include "server/base/utf8.h"
#include "server/dialect/anthropic/failure.h"
#include "server/dialect/errors.h"
#include "server/json/tape.h"

namespace sluice::dialect::anthropic {
namespace {

std::optional<int64_t> ReadTime(json::Value created_at) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, created_at.AsString(), &time, /*err=*/nullptr)) return std::nullopt;
  return absl::ToUnixSeconds(time);
}

std::optional<int64_t> ReadLength(json::Value max_input_tokens) {
  const auto length = max_input_tokens.AsInt64();
  return length && *length > 0 ? length : std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) {
  const std::string text = RepairUtf8(body);
  json::Tape tape;
  if (tape.Parse(text) != json::Tape::Result::kOk) {
    return absl::InternalError("the upstream's list of models is not JSON: check base_url of this upstream");
  }
  const json::Value root = tape.root();
  const json::Value list = root.Find("data");
  if (!list.is_array()) {
    if (IsError(root)) return absl::UnavailableError(ReadFailure(root, /*http_status=*/0).message);
    return absl::InternalError(
        "the upstream's answer is no list of models: check that base_url of this upstream ends where /models begins");
  }
  std::vector<Model> models;
  for (const json::Value entry : list.elements()) {
    const absl::string_view id = entry.Find("id").AsString();
    if (id.empty()) continue;
    models.push_back(
        {std::string(id), "anthropic", ReadTime(entry.Find("created_at")), ReadLength(entry.Find("max_input_tokens"))});
  }
  return models;
}

}  // namespace sluice::dialect::anthropic
