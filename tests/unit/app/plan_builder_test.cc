#include "server/app/plan_builder.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/fixture.h"
#include "tests/unit/telemetry/scrape.h"

namespace sluice::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PlanBuilderTest : public ::testing::Test {
 protected:
  std::shared_ptr<const exchange::Plan> Build(const std::string& yaml) {
    const auto snapshot = config::Load(yaml);
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    return snapshot.ok() ? builder_.Build(**snapshot) : std::make_shared<exchange::Plan>();
  }

  telemetry::Metrics metrics_;
  PlanBuilder builder_{&metrics_};
};

constexpr char kTwo[] = R"(
upstreams:
  local: {dialect: openai, base_url: "http://127.0.0.1:8000/v1"}
  relay:
    dialect: openai
    base_url: "https://relay.example:8443/v1"
    api_key: "${HOLYSHEEP_API_KEY}"
    headers: {X-Team: chat}
    defaults: {temperature: 0.5, max_tokens: 99}
    timeouts: {pool: 1s, connect: 2s, tls: 3s, send: 4s, first_byte: 5s, first_output: 6s, idle: 7s, total: 8s}
routes:
  - {models: ["gpt-*", "o3"], upstream: relay}
  - {models: [fast], upstream: local, model: llama-3}
)";

TEST_F(PlanBuilderTest, RoutesLeadToTheirUpstreams) {
  const auto plan = Build(kTwo);
  ASSERT_EQ(plan->backends.size(), 2u);
  const auto prefix = plan->router.Find("gpt-4.1");
  ASSERT_TRUE(prefix.has_value());
  EXPECT_EQ(plan->backends[prefix->rule->upstream]->name, "relay");
  const auto renamed = plan->router.Find("fast");
  ASSERT_TRUE(renamed.has_value());
  EXPECT_EQ(plan->backends[renamed->rule->upstream]->name, "local");
  EXPECT_EQ(renamed->rule->model, "llama-3");
  EXPECT_FALSE(plan->router.Find("claude").has_value());
  EXPECT_EQ(plan->route_series.size(), plan->router.rules().size());
}

TEST_F(PlanBuilderTest, AnUpstreamsHostAndPortAreKnown) {
  const auto backend = [this](const std::string& url) {
    return Build(absl::StrCat("upstreams: {a: {dialect: openai, base_url: \"", url, "\"}}\n"))->backends[0];
  };
  EXPECT_EQ(backend("https://relay.example/v1")->server_address, "relay.example");
  EXPECT_EQ(backend("https://relay.example/v1")->server_port, 443);
  EXPECT_EQ(backend("https://relay.example:8443/v1")->server_port, 8443);
  EXPECT_EQ(backend("http://127.0.0.1/v1")->server_port, 80);
  EXPECT_EQ(backend("http://[::1]:8000/v1")->server_address, "::1");
  EXPECT_EQ(backend("http://[::1]:8000/v1")->server_port, 8000);
}

TEST_F(PlanBuilderTest, AnUpstreamsConfigurationArrivesWhole) {
  const auto plan = Build(kTwo);
  const exchange::Backend& relay = *plan->backends[1];
  EXPECT_EQ(relay.name, "relay");
  EXPECT_EQ(relay.target.base_url, "https://relay.example:8443/v1");
  EXPECT_EQ(relay.target.api_key, config::kKey);
  EXPECT_EQ(relay.target.headers, (dialect::Headers{{"X-Team", "chat"}}));
  EXPECT_EQ(relay.target.default_temperature, 0.5);
  EXPECT_EQ(relay.target.default_max_tokens, 99);
  EXPECT_EQ(relay.destination->timeouts.pool, absl::Seconds(1));
  EXPECT_EQ(relay.destination->timeouts.connect, absl::Seconds(2));
  EXPECT_EQ(relay.destination->timeouts.tls, absl::Seconds(3));
  EXPECT_EQ(relay.destination->timeouts.send, absl::Seconds(4));
  EXPECT_EQ(relay.destination->timeouts.first_byte, absl::Seconds(5));
  EXPECT_EQ(relay.first_output, absl::Seconds(6));
  EXPECT_EQ(relay.destination->timeouts.idle, absl::Seconds(7));
  EXPECT_EQ(relay.total, absl::Seconds(8));
}

TEST_F(PlanBuilderTest, WithoutRoutesTheSoleUpstreamTakesEverything) {
  const auto plan = Build(config::WithUpstream(""));
  const auto match = plan->router.Find("anything");
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(plan->backends[match->rule->upstream]->name, "relay");
}

TEST_F(PlanBuilderTest, TheDefaultModelHasARuleAndSoALabelOfItsOwn) {
  const auto plan = Build(absl::StrCat(kTwo, "default_model: gpt-4.1\n"));
  EXPECT_EQ(plan->default_model, "gpt-4.1");
  const auto match = plan->router.Find("gpt-4.1");
  ASSERT_TRUE(match.has_value());
  EXPECT_TRUE(match->exact);
  EXPECT_EQ(plan->backends[match->rule->upstream]->name, "relay");
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("gen_ai_request_model=\"gpt-4.1\""));
}

TEST_F(PlanBuilderTest, ADefaultModelThatIsNamedAlreadyGetsNoSecondRule) {
  EXPECT_EQ(Build(absl::StrCat(kTwo, "default_model: o3\n"))->router.rules().size(),
            Build(kTwo)->router.rules().size());
}

TEST_F(PlanBuilderTest, LabelsAreTheConfigurationsWordsAndOther) {
  Build(kTwo);
  const std::string scrape = metrics_.Scrape();
  EXPECT_THAT(scrape, HasSubstr("gen_ai_request_model=\"o3\""));
  EXPECT_THAT(scrape, HasSubstr("gen_ai_request_model=\"fast\""));
  EXPECT_THAT(scrape, HasSubstr("gen_ai_request_model=\"other\""));
  EXPECT_THAT(scrape, HasSubstr("server_address=\"relay.example:8443\""));
  EXPECT_THAT(scrape, Not(HasSubstr("gen_ai_request_model=\"gpt-*\"")));
  EXPECT_THAT(scrape, Not(HasSubstr(config::kKey)));
  EXPECT_TRUE(telemetry::ParseScrape(scrape).problems.empty());
}

TEST_F(PlanBuilderTest, PoolsAndSeriesSurviveARebuild) {
  const auto before = Build(kTwo);
  const auto after = Build(absl::StrCat(kTwo, "default_model: o3\n"));
  EXPECT_EQ(before->backends[1]->destination->pool, after->backends[1]->destination->pool);
  EXPECT_NE(before->backends[0]->destination->pool, before->backends[1]->destination->pool);
  EXPECT_EQ(before->unrouted.of(exchange::Operation::kChat), after->unrouted.of(exchange::Operation::kChat));
  EXPECT_EQ(before->route_series[0].of(exchange::Operation::kChat),
            after->route_series[0].of(exchange::Operation::kChat));
  EXPECT_NE(before->route_series[0].of(exchange::Operation::kChat),
            before->route_series[0].of(exchange::Operation::kComplete));
}

TEST_F(PlanBuilderTest, ARebuildMovesThePoolsLimits) {
  const auto plan = Build(config::WithUpstream("    pool: {connections: 10, idle: 2}\n"));
  const auto pool = plan->backends[0]->destination->pool;
  EXPECT_EQ(pool->limits().connections, 10);
  Build(config::WithUpstream("    pool: {connections: 30, idle: 3}\n"));
  EXPECT_EQ(pool->limits().connections, 30);
  EXPECT_EQ(pool->limits().idle, 3);
}

TEST_F(PlanBuilderTest, EachPoolIsSampled) {
  Build(kTwo);
  const auto samples = builder_.SamplePools();
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].upstream, "local");
  EXPECT_EQ(samples[1].upstream, "relay");
}

}  // namespace
}  // namespace sluice::app
