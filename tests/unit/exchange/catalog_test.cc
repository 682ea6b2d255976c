#include "server/exchange/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CatalogTest : public ::testing::Test {
 protected:
  CatalogTest() {
    for (const char* name : {"relay", "local"}) {
      auto backend = std::make_shared<Backend>();
      backend->name = name;
      plan_.backends.push_back(std::move(backend));
    }
  }
  void Routes(std::vector<route::Rule> rules) { plan_.router = route::Router(std::move(rules)); }
  void Has(const std::string& upstream, std::vector<dialect::Model> models) {
    ModelReport& report = reports_.emplace_back();
    report.upstream = upstream;
    report.models = std::move(models);
  }
  // "ID OWNER CONTEXT UPSTREAMS" of each entry.
  std::vector<std::string> Catalog() const {
    std::vector<std::string> lines;
    for (const CatalogEntry& entry : MakeCatalog(plan_, reports_)) {
      lines.push_back(absl::StrCat(entry.model.id, " ", entry.model.owner, " ", entry.model.context_length.value_or(0),
                                   " ", absl::StrJoin(entry.upstreams, ",")));
    }
    return lines;
  }

  Plan plan_;
  std::vector<ModelReport> reports_;
};

TEST_F(CatalogTest, AnExactRouteIsListedUnderItsOwnNameWithWhatItLeadsTo) {
  Routes({{"fast", 1, "llama-3"}});
  Has("local", {{"llama-3", "meta", 7, 8192}, {"llama-4", "meta", 8, {}}});
  EXPECT_THAT(Catalog(), ElementsAre("fast meta 8192 local"));
}

TEST_F(CatalogTest, APrefixListsWhatTheUpstreamHasOfIt) {
  Routes({{"gpt-*", 0, ""}});
  Has("relay", {{"gpt-4", "openai", {}, {}}, {"claude", "anthropic", {}, {}}});
  Has("local", {{"gpt-oss", "local", {}, {}}});  // no route leads there
  EXPECT_THAT(Catalog(), ElementsAre("gpt-4 openai 0 relay"));
}

TEST_F(CatalogTest, AnExactRouteHidesAModelOfThatNameElsewhere) {
  Routes({{"*", 0, ""}, {"gpt-4", 1, "mine"}});
  Has("relay", {{"gpt-4", "openai", {}, 1}, {"gpt-5", "openai", {}, 2}});
  Has("local", {{"mine", "me", {}, 3}});
  EXPECT_THAT(Catalog(), ElementsAre("gpt-4 me 3 local", "gpt-5 openai 2 relay"));
}

TEST_F(CatalogTest, ARuleThatRenamesDoesNotLeadToTheNamesItTakes) {
  Routes({{"gpt-*", 0, "gpt-4"}});
  Has("relay", {{"gpt-4", "openai", {}, {}}, {"gpt-5", "openai", {}, {}}});
  EXPECT_THAT(Catalog(), ElementsAre("gpt-4 openai 0 relay"));
}

TEST_F(CatalogTest, ARouteIsThereThoughItsUpstreamCouldNotBeAsked) {
  Routes({{"fast", 1, "llama-3"}, {"*", 0, ""}});
  EXPECT_THAT(Catalog(), ElementsAre("fast  0 local"));
}

TEST_F(CatalogTest, WithoutRoutesAndReportsItIsEmpty) {
  Routes({{"*", 0, ""}});
  EXPECT_THAT(Catalog(), IsEmpty());
}

}  // namespace
}  // namespace sluice::exchange
