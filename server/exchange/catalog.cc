#include "server/exchange/catalog.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"

namespace sluice::exchange {
namespace {

const dialect::Model* FindModel(const std::vector<ModelReport>& reports, const std::string& upstream,
                                absl::string_view id) {
  for (const ModelReport& report : reports) {
    if (report.upstream != upstream) continue;
    const auto at = std::find_if(report.models.begin(), report.models.end(),
                                 [&](const dialect::Model& model) { return model.id == id; });
    if (at != report.models.end()) return &*at;
  }
  return nullptr;
}

}  // namespace

std::vector<CatalogEntry> MakeCatalog(const Plan& plan, const std::vector<ModelReport>& reports) {
  std::map<std::string, CatalogEntry> by_id;
  for (const route::Rule& rule : plan.router.rules()) {
    if (absl::EndsWith(rule.pattern, "*")) continue;
    const std::string& upstream = plan.backends[rule.upstream]->name;
    CatalogEntry& entry = by_id[rule.pattern];
    const dialect::Model* const model = FindModel(reports, upstream, rule.model.empty() ? rule.pattern : rule.model);
    if (model != nullptr) entry.model = *model;
    entry.model.id = rule.pattern;
    entry.upstreams = {upstream};
  }
  for (const ModelReport& report : reports) {
    for (const dialect::Model& model : report.models) {
      const auto match = plan.router.Find(model.id);
      if (!match || match->exact || plan.backends[match->rule->upstream]->name != report.upstream) continue;
      // A rule that puts another name in its place does not lead to this model.
      if (match->rule->model.empty() || match->rule->model == model.id) by_id[model.id] = {model, {report.upstream}};
    }
  }
  std::vector<CatalogEntry> catalog;
  catalog.reserve(by_id.size());
  for (auto& [id, entry] : by_id) catalog.push_back(std::move(entry));
  return catalog;
}

}  // namespace sluice::exchange
