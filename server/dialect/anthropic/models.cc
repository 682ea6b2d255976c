#include "server/dialect/anthropic/models.h"

#include "absl/time/time.h"
#include "server/dialect/anthropic/failure.h"
#include "server/dialect/model_list.h"

namespace sluice::dialect::anthropic {
namespace {

std::optional<int64_t> ReadTime(json::Value created_at) {
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, created_at.AsString(), &time, /*err=*/nullptr)) return std::nullopt;
  return absl::ToUnixSeconds(time);
}

std::optional<Model> ReadModel(json::Value entry) {
  return Model{std::string(entry.Find("id").AsString()), "anthropic", ReadTime(entry.Find("created_at")),
               ReadContextLength(entry.Find("max_input_tokens"))};
}

}  // namespace

absl::StatusOr<std::vector<Model>> DecodeModels(absl::string_view body) {
  return ReadModelList(body, {.list = [](json::Value root) { return root.Find("data"); },
                              .model = ReadModel,
                              .error = [](json::Value root) { return ReadFailure(root, /*http_status=*/0); }});
}

}  // namespace sluice::dialect::anthropic
