#include "server/config/check_routes.h"

#include <gtest/gtest.h>

#include "tests/unit/config/fixture.h"

namespace sluice::config {
namespace {

constexpr char kTwo[] =
    "upstreams:\n"
    "  near: {dialect: openai, base_url: \"https://near.example/v1\"}\n"
    "  far: {dialect: openai, base_url: \"https://far.example/v1\"}\n";
std::string ErrorsOfRoutes(const std::string& routes) { return ErrorsOf(absl::StrCat(kTwo, routes)); }

TEST(CheckRoutesTest, PatternsAndNamesArriveAsWritten) {
  const auto snapshot = Load(absl::StrCat(
      kTwo, "routes:\n- {models: [\"*\"], upstream: near}\n- {models: [a, \"a-*\"], upstream: far, model: b}\n"));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const std::vector<Route> expected = {{{"*"}, "near", ""}, {{"a", "a-*"}, "far", "b"}};
  EXPECT_EQ((*snapshot)->routes, expected);
}

TEST(CheckRoutesTest, SeveralUpstreamsNeedRoutes) {
  EXPECT_EQ(
      ErrorsOfRoutes(""),
      "sluice.yaml: routes: required with more than one upstream; say which models go to far, near, as in routes: "
      "[{models: [\"*\"], upstream: far}]");
  EXPECT_EQ(ErrorsOf(WithUpstream("")), "");
}

TEST(CheckRoutesTest, APatternCanStandOnlyOnce) {
  EXPECT_EQ(ErrorsOfRoutes("routes:\n"
                           "- {models: [\"gpt-*\", a], upstream: near}\n"
                           "- models: [b,\n"
                           "           \"gpt-*\"]\n"
                           "  upstream: far\n"),
            "sluice.yaml:7: routes[1].models[1]: the same pattern stands at routes[0].models[0], so it can never match "
            "here; remove one");
  // Broader patterns may come first: order has no meaning.
  EXPECT_EQ(
      ErrorsOfRoutes("routes: [{models: [\"*\"], upstream: near}, {models: [\"a*\", ab, \"ab*\"], upstream: far}]\n"),
      "");
}

TEST(CheckRoutesTest, StarsStandLast) {
  for (const char* bad : {"*-mini", "gpt-*-mini", "**", "a**"}) {
    EXPECT_EQ(ErrorsOfRoutes(absl::StrCat("routes: [{models: [\"", bad, "\"], upstream: near}]\n")),
              "sluice.yaml:4: routes[0].models[0]: a * can only be the last character, as in gpt-*");
  }
}

TEST(CheckRoutesTest, RoutesAreWhole) {
  EXPECT_EQ(ErrorsOfRoutes("routes:\n- {upstream: nera}\n- {models: [\"\"], model: \"\"}\n"),
            "sluice.yaml:5: routes[0].models: required; list model names, prefixes as gpt-*, or \"*\"\n"
            "sluice.yaml:5: routes[0].upstream: there is no such upstream (did you mean \"near\"?); known: far, near\n"
            "sluice.yaml:6: routes[1].models[0]: an empty model name; write a name, a prefix as gpt-*, or \"*\"\n"
            "sluice.yaml:6: routes[1].upstream: required; one of: far, near\n"
            "sluice.yaml:6: routes[1].model: has to be one model's name; remove it to pass on the caller's word");
  EXPECT_NE(ErrorsOfRoutes("routes: [{models: [a], upstream: near, model: \"b*\"}]\n"), "");
}

TEST(CheckRoutesTest, TheDefaultModelHasARoute) {
  const std::string routes = "routes: [{models: [\"gpt-*\", o3], upstream: near}]\ndefault_model: ";
  EXPECT_EQ(ErrorsOfRoutes(routes + "gpt-4.1\n"), "");
  EXPECT_EQ(ErrorsOfRoutes(routes + "o3\n"), "");
  EXPECT_EQ(ErrorsOfRoutes(routes + "o3-mini\n"),
            "sluice.yaml:5: default_model: no route takes this model; add it to the models of one");
  EXPECT_EQ(ErrorsOf(WithUpstream("default_model: anything\n")), "");
  EXPECT_EQ(ErrorsOf(WithUpstream("default_model: \"\"\n")),
            "sluice.yaml:5: default_model: empty; name a model or remove the field");
}

}  // namespace
}  // namespace sluice::config
