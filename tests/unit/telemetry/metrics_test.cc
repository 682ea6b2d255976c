#include "server/telemetry/metrics.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/fake_clock.h"
#include "server/telemetry/names.h"
#include "server/telemetry/series.h"
#include "tests/unit/telemetry/scrape.h"

namespace sluice::telemetry {
namespace {

using ::testing::IsEmpty;

SeriesLabels Labels() { return {"chat", "gpt-*", "holysheep", "openai", "gpt-4.1", "api.example"}; }

constexpr char kGenAi[] =
    "gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\",gen_ai_request_model=\"gpt-4.1\","
    "gen_ai_response_model=\"gpt-4.1\"";
constexpr char kServer[] = "server_address=\"api.example\"";

std::vector<PoolSample> OnePool() { return {{"holysheep", 7, 4, 2, 11}}; }

// One call with everything in it, so that every family has a sample.
void RunOneCall(Series& series) {
  FakeClock clock;
  series.CallStarted();
  DeltaMeter meter;
  for (int i = 0; i < 3; ++i) {
    meter.Count(clock.Now());
    clock.Advance(absl::Milliseconds(20));
  }
  series.Flush(meter);
  series.Paused();
  AttemptRecord failed;
  failed.error_type = "overloaded";
  failed.duration_s = 0.5;
  series.AttemptEnded(failed);
  series.Retried("overloaded");
  AttemptRecord attempt;
  attempt.duration_s = 1.0;
  attempt.prompt_tokens = 17;
  attempt.completion_tokens = 3;
  attempt.bytes_to_upstream = 1000;
  attempt.bytes_from_upstream = 5000;
  series.AttemptEnded(attempt);
  CallRecord call;
  call.code = "OK";
  call.limit = "limits.open_calls";  // not of a call that is OK, but every family is to have a sample
  call.duration_s = 1.6;
  call.time_to_first_output_s = 0.9;
  call.time_per_output_token_s = 0.02;
  call.overhead_s = 0.0002;
  call.bytes_from_caller = 300;
  call.bytes_to_caller = 400;
  series.CallEnded(call);
}

TEST(Metrics, EveryFamilyOfTheListIsScrapedWithItsHelpAndTypeAndNoOther) {
  Metrics metrics;
  metrics.SetPoolSampler(OnePool);
  metrics.SetGatewaySampler([] {
    GatewaySample sample;
    sample.certificate_expiry = sample.client_ca_expiry = absl::FromUnixSeconds(2'000'000'000);
    return sample;
  });
  metrics.ReloadDone(true);
  RunOneCall(*metrics.Resolve(Labels()));
  const ParsedScrape scrape = ParseScrape(metrics.Scrape());
  EXPECT_THAT(scrape.problems, IsEmpty());

  std::set<std::string> listed;
  for (const MetricInfo* info : kAllMetrics) {
    EXPECT_TRUE(listed.insert(info->name).second) << info->name << " is listed twice";
    const auto family = scrape.families.find(info->name);
    ASSERT_NE(family, scrape.families.end()) << info->name << " is not in the scrape";
    EXPECT_EQ(family->second.help, info->help);
    EXPECT_EQ(family->second.type, info->kind == MetricKind::kCounter ? "counter"
                                   : info->kind == MetricKind::kGauge ? "gauge"
                                                                      : "histogram");
    // Every sample carries just the labels of the list.
    for (const auto& [sample, value] : family->second.samples) {
      for (const char* label : info->labels) {
        const bool there = label == nullptr || absl::StrContains(sample, absl::StrCat(label, "=\""));
        EXPECT_TRUE(there) << label << " is not in " << sample;
      }
      const auto unused = std::count(info->labels.begin(), info->labels.end(), nullptr);
      const auto expected =
          static_cast<long>(info->labels.size()) - unused + (absl::StrContains(sample, "le=\"") ? 1 : 0);
      EXPECT_EQ(std::count(sample.begin(), sample.end(), '='), expected) << sample;
    }
  }
  EXPECT_EQ(scrape.families.size(), listed.size());
}

TEST(Metrics, OneCallIsCountedOnceInEachFamily) {
  Metrics metrics;
  RunOneCall(*metrics.Resolve(Labels()));
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  const std::string route = "operation=\"chat\",route=\"gpt-*\",upstream=\"holysheep\"";
  EXPECT_EQ(s.Value(absl::StrCat("sluice_calls_total{code=\"OK\",", route, "}")), 1);
  EXPECT_EQ(s.Value(absl::StrCat("sluice_open_streams{", route, "}")), 0);
  EXPECT_EQ(s.Value(absl::StrCat("sluice_deltas_total{", route, "}")), 3);
  EXPECT_EQ(s.Value("sluice_delta_gap_seconds_count{upstream=\"holysheep\"}"), 2);
  EXPECT_DOUBLE_EQ(s.Value("sluice_delta_gap_seconds_sum{upstream=\"holysheep\"}"), 0.04);
  EXPECT_EQ(s.Value("sluice_attempts_total{outcome=\"ok\",upstream=\"holysheep\"}"), 1);
  EXPECT_EQ(s.Value("sluice_attempts_total{outcome=\"overloaded\",upstream=\"holysheep\"}"), 1);
  EXPECT_EQ(s.Value("sluice_tokens_total{model=\"gpt-4.1\",type=\"input\",upstream=\"holysheep\"}"), 17);
  EXPECT_EQ(s.Value("sluice_tokens_total{model=\"gpt-4.1\",type=\"output\",upstream=\"holysheep\"}"), 3);
  EXPECT_EQ(s.Value("sluice_caller_bytes_total{direction=\"in\"}"), 300);
  EXPECT_EQ(s.Value("sluice_caller_bytes_total{direction=\"out\"}"), 400);
  EXPECT_EQ(s.Value("sluice_upstream_bytes_total{direction=\"in\",upstream=\"holysheep\"}"), 5000);
  EXPECT_EQ(s.Value("sluice_upstream_bytes_total{direction=\"out\",upstream=\"holysheep\"}"), 1000);
  EXPECT_EQ(s.Value("sluice_backpressure_pauses_total{upstream=\"holysheep\"}"), 1);
  EXPECT_EQ(s.Value("sluice_overhead_seconds_bucket{operation=\"chat\",le=\"0.0001\"}"), 0);
  EXPECT_EQ(s.Value("sluice_overhead_seconds_bucket{operation=\"chat\",le=\"0.00025\"}"), 1);
}

TEST(Metrics, GenAiMetricsTellAttemptsFromCalls) {
  Metrics metrics;
  RunOneCall(*metrics.Resolve(Labels()));
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  const auto duration = [](absl::string_view name, absl::string_view error) {
    return absl::StrCat(name, "{error_type=\"", error, "\",", kGenAi, ",", kServer, "}");
  };
  EXPECT_EQ(s.Value(duration("gen_ai_client_operation_duration_seconds_count", "overloaded")), 1);
  EXPECT_EQ(s.Value(duration("gen_ai_client_operation_duration_seconds_sum", "overloaded")), 0.5);
  EXPECT_EQ(s.Value(duration("gen_ai_client_operation_duration_seconds_count", "")), 1);
  EXPECT_EQ(s.Value(duration("gen_ai_server_request_duration_seconds_count", "")), 1);
  EXPECT_EQ(s.Value(duration("gen_ai_server_request_duration_seconds_sum", "")), 1.6);
  const std::string rest = absl::StrCat("{", kGenAi, ",", kServer, "}");
  EXPECT_EQ(s.Value(absl::StrCat("gen_ai_server_time_to_first_token_seconds_sum", rest)), 0.9);
  EXPECT_EQ(s.Value(absl::StrCat("gen_ai_server_time_per_output_token_seconds_sum", rest)), 0.02);
  const auto usage = [](absl::string_view type) {
    return absl::StrCat("gen_ai_client_token_usage_sum{", kGenAi, ",gen_ai_token_type=\"", type, "\",", kServer, "}");
  };
  EXPECT_EQ(s.Value(usage("input")), 17);
  EXPECT_EQ(s.Value(usage("output")), 3);
}

TEST(Metrics, WhatWasNotMeasuredIsNotObserved) {
  Metrics metrics;
  const auto series = metrics.Resolve(Labels());
  series->CallStarted();
  series->AttemptEnded({});
  CallRecord call;
  call.code = "UNAVAILABLE";
  call.error_type = "unreachable";
  series->CallEnded(call);
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  const std::string rest = absl::StrCat("{", kGenAi, ",", kServer, "}");
  EXPECT_EQ(s.Value(absl::StrCat("gen_ai_server_time_to_first_token_seconds_count", rest)), 0);
  EXPECT_EQ(s.Value(absl::StrCat("gen_ai_server_time_per_output_token_seconds_count", rest)), 0);
  EXPECT_EQ(s.Value("sluice_overhead_seconds_count{operation=\"chat\"}"), 0);
  EXPECT_EQ(s.Value("sluice_tokens_total{model=\"gpt-4.1\",type=\"input\",upstream=\"holysheep\"}"), 0);
}

TEST(Metrics, TheGatewayIsSampledAtEachScrape) {
  Metrics metrics;
  EXPECT_EQ(ParseScrape(metrics.Scrape()).families.count("sluice_queued_calls"), 0u);
  GatewaySample now;
  metrics.SetGatewaySampler([&now] { return now; });
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value("sluice_queued_calls"), 0);
  now.queued_calls = 7;
  now.open_calls_limit = 100;
  now.drain_limit = absl::Minutes(10);
  const ParsedScrape serving = ParseScrape(metrics.Scrape());
  EXPECT_EQ(serving.Value("sluice_queued_calls"), 7);
  EXPECT_EQ(serving.Value("sluice_open_calls_limit"), 100);
  EXPECT_EQ(serving.Value("sluice_drain_limit_seconds"), 600);
  EXPECT_EQ(serving.Value("sluice_draining_since_timestamp_seconds"), 0);
  EXPECT_EQ(serving.families.count("sluice_certificate_expiry_timestamp_seconds"), 0u) << "there is no certificate";
  now.draining_since = absl::FromUnixSeconds(1'700'000'000);
  now.certificate_expiry = absl::FromUnixSeconds(1'800'000'000);
  const ParsedScrape draining = ParseScrape(metrics.Scrape());
  EXPECT_EQ(draining.Value("sluice_draining_since_timestamp_seconds"), 1'700'000'000);
  EXPECT_EQ(draining.Value("sluice_certificate_expiry_timestamp_seconds{certificate=\"server\"}"), 1'800'000'000);
  metrics.SetGatewaySampler(nullptr);
  EXPECT_EQ(ParseScrape(metrics.Scrape()).families.count("sluice_queued_calls"), 0u);
}

TEST(Metrics, OnlyCallsThatAreMarkedCountAsFailedOrCut) {
  const std::pair<const char*, bool CallRecord::*> cases[] = {{"sluice_call_failures_total", &CallRecord::failed},
                                                              {"sluice_streams_cut_total", &CallRecord::cut}};
  for (const auto& [name, mark] : cases) {
    Metrics metrics;
    const auto series = metrics.Resolve(Labels());
    const std::string sample = absl::StrCat(name, "{cause=\"truncated\",upstream=\"holysheep\"}");
    EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 0) << "a rate has to see the first one";
    CallRecord call;
    call.code = "UNAVAILABLE";
    call.error_type = "truncated";
    series->CallEnded(call);
    EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 0);
    call.*mark = true;
    series->CallEnded(call);
    EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 1);
  }
}

TEST(Metrics, ProvidersAreTheConventionsWords) {
  EXPECT_EQ(ProviderName("gemini"), "gcp.gemini");
  EXPECT_EQ(ProviderName("openai"), "openai");
}

TEST(Metrics, ARefusedConfigurationIsSeenUntilOneIsTaken) {
  Metrics metrics;
  const char* sample = "sluice_config_last_reload_successful";
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 1);
  metrics.ReloadDone(false);
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 0);
  metrics.ReloadDone(true);
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 1);
}

TEST(Metrics, OpenStreamsCountsCallsBetweenStartAndEnd) {
  Metrics metrics;
  const auto series = metrics.Resolve(Labels());
  const char* sample = "sluice_open_streams{operation=\"chat\",route=\"gpt-*\",upstream=\"holysheep\"}";
  series->CallStarted();
  series->CallStarted();
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 2);
  CallRecord call;
  call.code = "OK";
  series->CallEnded(call);
  EXPECT_EQ(ParseScrape(metrics.Scrape()).Value(sample), 1);
}

TEST(Metrics, TheSameLabelsGiveTheSameSeriesAndOtherLabelsAnother) {
  Metrics metrics;
  const auto first = metrics.Resolve(Labels());
  EXPECT_EQ(metrics.Resolve(Labels()), first);
  SeriesLabels other = Labels();
  other.model = "other";
  EXPECT_NE(metrics.Resolve(other), first);
}

TEST(Metrics, SeriesThatShareALabelSetShareItsCount) {
  Metrics metrics;
  SeriesLabels other = Labels();
  other.model = "other";  // not a label of sluice_calls_total
  CallRecord call;
  call.code = "OK";
  for (const auto& labels : {Labels(), other}) {
    metrics.Resolve(labels)->CallStarted();
    metrics.Resolve(labels)->CallEnded(call);
  }
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_THAT(s.problems, IsEmpty());
  EXPECT_EQ(s.Value("sluice_calls_total{code=\"OK\",operation=\"chat\",route=\"gpt-*\",upstream=\"holysheep\"}"), 2);
}

TEST(Metrics, ASeriesCountsOnAfterTheReloadThatResolvesItAgain) {
  Metrics metrics;
  RunOneCall(*metrics.Resolve(Labels()));
  metrics.ReloadDone(true);
  RunOneCall(*metrics.Resolve(Labels()));
  metrics.ReloadDone(false);
  metrics.ReloadDone(false);
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_EQ(s.Value("sluice_deltas_total{operation=\"chat\",route=\"gpt-*\",upstream=\"holysheep\"}"), 6);
  EXPECT_EQ(s.Value("sluice_reloads_total{result=\"ok\"}"), 1);
  EXPECT_EQ(s.Value("sluice_reloads_total{result=\"failed\"}"), 2);
}

TEST(Metrics, GatheredCallsAreTheConventionsChatOperationToo) {
  Metrics metrics;
  SeriesLabels labels = Labels();
  labels.operation = "complete";
  RunOneCall(*metrics.Resolve(labels));
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_EQ(s.Value("sluice_calls_total{code=\"OK\",operation=\"complete\",route=\"gpt-*\",upstream=\"holysheep\"}"),
            1);
  EXPECT_EQ(s.Value(absl::StrCat("gen_ai_server_time_to_first_token_seconds_count{", kGenAi, ",", kServer, "}")), 1);
}

TEST(Metrics, AnEndlessSupplyOfErrorWordsEndsInOther) {
  Metrics metrics;
  const auto series = metrics.Resolve(Labels());
  for (int i = 0; i < 1000; ++i) {
    const std::string word = absl::StrCat("word", i);
    AttemptRecord attempt;
    attempt.error_type = word;
    series->AttemptEnded(attempt);
  }
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_THAT(s.problems, IsEmpty());
  const auto& attempts = s.families.at("sluice_attempts_total").samples;
  EXPECT_LE(attempts.size(), ByValue<int>::kMost + 1);
  double all = 0;
  for (const auto& [name, value] : attempts) all += value;
  EXPECT_EQ(all, 1000);
  EXPECT_GT(s.Value("sluice_attempts_total{outcome=\"other\",upstream=\"holysheep\"}"), 900);
}

TEST(Metrics, LabelValuesFromTheConfigurationAreEscaped) {
  Metrics metrics;
  SeriesLabels labels = Labels();
  labels.route = "a\"b\\c\nd";
  metrics.Resolve(labels)->CallStarted();
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_THAT(s.problems, IsEmpty());
  EXPECT_EQ(s.Value("sluice_open_streams{operation=\"chat\",route=\"a\\\"b\\\\c\\nd\",upstream=\"holysheep\"}"), 1);
}

TEST(Metrics, PoolsAreSampledAtEachScrape) {
  Metrics metrics;
  int scrapes = 0;
  metrics.SetPoolSampler([&scrapes] {
    ++scrapes;
    return OnePool();
  });
  metrics.Scrape();
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_EQ(scrapes, 2);
  EXPECT_EQ(s.Value("sluice_pool_connections{upstream=\"holysheep\",state=\"in_use\"}"), 4);
  EXPECT_EQ(s.Value("sluice_pool_connections{upstream=\"holysheep\",state=\"idle\"}"), 3);
  EXPECT_EQ(s.Value("sluice_pool_waiting{upstream=\"holysheep\"}"), 2);
  EXPECT_EQ(s.Value("sluice_pool_opened_total{upstream=\"holysheep\"}"), 11);
  metrics.SetPoolSampler(nullptr);
  EXPECT_EQ(ParseScrape(metrics.Scrape()).families.count("sluice_pool_waiting"), 0u);
}

TEST(Metrics, TwoPoolsOfOneNameAreOneLineAndConnectingRequestsAreNotIdleConnections) {
  Metrics metrics;
  metrics.SetPoolSampler([] { return std::vector<PoolSample>{{"a", 2, 2, 0, 5}, {"a", 1, 3, 1, 1}}; });
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  EXPECT_THAT(s.problems, IsEmpty());
  EXPECT_EQ(s.Value("sluice_pool_connections{upstream=\"a\",state=\"in_use\"}"), 3);
  EXPECT_EQ(s.Value("sluice_pool_connections{upstream=\"a\",state=\"idle\"}"), 0);
  EXPECT_EQ(s.Value("sluice_pool_opened_total{upstream=\"a\"}"), 6);
}

TEST(Metrics, TheBuildsVersionIsALabel) {
  const ParsedScrape s = ParseScrape(Metrics().Scrape());
  const auto& info = s.families.at("sluice_build_info").samples;
  ASSERT_EQ(info.size(), 1u);
  EXPECT_THAT(info.begin()->first,
              ::testing::MatchesRegex("sluice_build_info.version=\"[0-9]+\\.[0-9]+\\.[0-9]+.*\".*"));
  EXPECT_EQ(info.begin()->second, 1);
}

TEST(Metrics, ASeriesMayOutliveTheMetrics) {
  std::shared_ptr<Series> series;
  {
    Metrics metrics;
    series = metrics.Resolve(Labels());
  }
  RunOneCall(*series);
}

TEST(Metrics, TotalsMatchWhenThreadsCountAndScrapeAtOnce) {
  constexpr int kThreads = 3, kCalls = 300;
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < kCalls; ++i) RunOneCall(*metrics.Resolve(Labels()));
    });
  }
  for (int i = 0; i < 10; ++i) EXPECT_THAT(ParseScrape(metrics.Scrape()).problems, IsEmpty());
  for (std::thread& thread : threads) thread.join();
  const ParsedScrape s = ParseScrape(metrics.Scrape());
  const std::string route = "operation=\"chat\",route=\"gpt-*\",upstream=\"holysheep\"";
  const double calls = kThreads * kCalls;
  EXPECT_EQ(s.Value(absl::StrCat("sluice_calls_total{code=\"OK\",", route, "}")), calls);
  EXPECT_EQ(s.Value(absl::StrCat("sluice_open_streams{", route, "}")), 0);
  EXPECT_EQ(s.Value(absl::StrCat("sluice_deltas_total{", route, "}")), 3 * calls);
  EXPECT_EQ(s.Value("sluice_delta_gap_seconds_count{upstream=\"holysheep\"}"), 2 * calls);
  EXPECT_NEAR(s.Value("sluice_delta_gap_seconds_sum{upstream=\"holysheep\"}"), 0.04 * calls, 1e-6);
  EXPECT_EQ(s.Value("sluice_tokens_total{model=\"gpt-4.1\",type=\"input\",upstream=\"holysheep\"}"), 17 * calls);
}

}  // namespace
}  // namespace sluice::telemetry
