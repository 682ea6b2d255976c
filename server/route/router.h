#ifndef SLUICE_SERVER_ROUTE_ROUTER_H_
#define SLUICE_SERVER_ROUTE_ROUTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace sluice::route {

// One pattern of the configuration's route list.
struct Rule {
  std::string pattern;  // "gpt-4.1" exactly, "gpt-*" a prefix, "*" everything
  size_t upstream = 0;  // the caller's index of the upstream it leads to
  std::string model;    // the name to ask that upstream for; "" keeps the caller's
};

struct Match {
  const Rule* rule;  // lives as long as the router
  bool exact;        // the pattern is this very name, so it may stand as a metric's label
};

// Which upstream serves a model. Pure and immutable. An exact name wins over a prefix, a longer prefix over a shorter
// one, and "*" comes last, so the order of the rules means nothing.
class Router {
 public:
  explicit Router(std::vector<Rule> rules);
  std::optional<Match> Find(absl::string_view model) const;
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  std::vector<Rule> rules_;
  absl::flat_hash_map<std::string, size_t> exact_;
  std::vector<std::pair<std::string, size_t>> prefixes_;  // longest first
};

}  // namespace sluice::route

#endif  // SLUICE_SERVER_ROUTE_ROUTER_H_
