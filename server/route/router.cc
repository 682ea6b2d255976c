#include "server/route/router.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace sluice::route {

Router::Router(std::vector<Rule> rules) : rules_(std::move(rules)) {
  for (size_t i = 0; i < rules_.size(); ++i) {
    absl::string_view prefix = rules_[i].pattern;
    if (absl::ConsumeSuffix(&prefix, "*")) {
      prefixes_.emplace_back(std::string(prefix), i);
    } else {
      exact_.emplace(rules_[i].pattern, i);
    }
  }
  std::stable_sort(prefixes_.begin(), prefixes_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

std::optional<Match> Router::Find(absl::string_view model) const {
  if (auto it = exact_.find(model); it != exact_.end()) return Match{&rules_[it->second], true};
  for (const auto& [prefix, index] : prefixes_) {
    if (absl::StartsWith(model, prefix)) return Match{&rules_[index], false};
  }
  return std::nullopt;
}

}  // namespace sluice::route
