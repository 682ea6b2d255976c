#include "server/config/check_routes.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "server/config/nearest.h"

namespace sluice::config {
namespace {

// Matching does not depend on order (exact, then the longest prefix, then "*"), so the only route that can never match
// is one whose pattern stands elsewhere too.
void CheckPattern(const std::string& path, const std::string& pattern, std::map<std::string, std::string>* first,
                  Checker* checker) {
  if (checker->problems().Has(path)) return;
  if (pattern.empty()) return checker->Add(path, "an empty model name; write a name, a prefix as gpt-*, or \"*\"");
  if (const size_t star = pattern.find('*'); star != std::string::npos && star + 1 != pattern.size()) {
    return checker->Add(path, "a * can only be the last character, as in gpt-*");
  }
  const auto [seen, fresh] = first->emplace(pattern, path);
  if (!fresh) {
    checker->Add(path,
                 absl::StrCat("the same pattern stands at ", seen->second, ", so it can never match here; remove one"));
  }
}

void CheckTarget(const std::string& path, const v1::Route& in, const std::vector<std::string>& upstreams,
                 Checker* checker) {
  if (checker->problems().Has(path) || upstreams.empty()) return;
  const std::string known = absl::StrJoin(upstreams, ", ");
  if (!in.has_upstream()) return checker->Add(path, absl::StrCat("required; one of: ", known));
  if (std::find(upstreams.begin(), upstreams.end(), in.upstream()) != upstreams.end()) return;
  checker->Add(path,
               absl::StrCat("there is no such upstream", DidYouMean(in.upstream(), upstreams), "; known: ", known));
}

bool Takes(const Route& route, absl::string_view model) {
  return std::any_of(route.models.begin(), route.models.end(), [&](absl::string_view pattern) {
    return absl::ConsumeSuffix(&pattern, "*") ? absl::StartsWith(model, pattern) : model == pattern;
  });
}

void CheckDefaultModel(const v1::Config& config, const std::vector<Route>& routes, Checker* checker) {
  if (!config.has_default_model()) return;
  const std::string& model = config.default_model();
  if (model.empty()) return checker->Add("default_model", "empty; name a model or remove the field");
  const bool taken = std::any_of(routes.begin(), routes.end(), [&](const Route& route) { return Takes(route, model); });
  if (!routes.empty() && !taken) {
    checker->Add("default_model", "no route takes this model; add it to the models of one");
  }
}

}  // namespace

std::vector<Route> CheckRoutes(const v1::Config& config, const std::vector<std::string>& upstreams, Checker* checker) {
  std::vector<Route> routes;
  std::map<std::string, std::string> first;  // a pattern, and the path where it stands first
  for (int i = 0; i < config.routes_size(); ++i) {
    const v1::Route& in = config.routes(i);
    const std::string path = absl::StrCat("routes[", i, "]");
    const std::string models = absl::StrCat(path, ".models");
    if (in.models().empty() && !checker->problems().Has(models)) {
      checker->Add(models, "required; list model names, prefixes as gpt-*, or \"*\"");
    }
    for (int j = 0; j < in.models_size(); ++j) {
      CheckPattern(absl::StrCat(models, "[", j, "]"), in.models(j), &first, checker);
    }
    CheckTarget(absl::StrCat(path, ".upstream"), in, upstreams, checker);
    if (in.has_model() && (in.model().empty() || absl::StrContains(in.model(), "*"))) {
      checker->Add(absl::StrCat(path, ".model"), "has to be one model's name; remove it to pass on the caller's word");
    }
    routes.push_back({{in.models().begin(), in.models().end()}, in.upstream(), in.model()});
  }
  if (routes.empty() && upstreams.size() > 1 && !checker->problems().Has("routes")) {
    checker->Add("routes", absl::StrCat("required with more than one upstream; say which models go to ",
                                        absl::StrJoin(upstreams, ", "),
                                        ", as in routes: [{models: [\"*\"], upstream: ", upstreams.front(), "}]"));
  }
  CheckDefaultModel(config, routes, checker);
  return routes;
}

}  // namespace sluice::config
