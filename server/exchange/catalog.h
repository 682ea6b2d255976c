#ifndef SLUICE_SERVER_EXCHANGE_CATALOG_H_
#define SLUICE_SERVER_EXCHANGE_CATALOG_H_

#include <string>
#include <vector>

#include "server/exchange/model_lister.h"
#include "server/exchange/plan.h"

namespace sluice::exchange {

// A model that callers can name.
struct CatalogEntry {
  dialect::Model model;                // id is the caller's name for it
  std::vector<std::string> upstreams;  // that serve it, in the order in which they are tried
};

// What a call would find: each exact route by its name, with what its upstream says of the model it leads to, and each
// model that an upstream has and a prefix or "*" leads to it. By id. A model that no route reaches is left out; a route
// whose upstream could not be asked is in, for it is there to be called.
std::vector<CatalogEntry> MakeCatalog(const Plan& plan, const std::vector<ModelReport>& reports);

}  // namespace sluice::exchange

#endif  // SLUICE_SERVER_EXCHANGE_CATALOG_H_
