#include "tests/soak/report.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"

namespace sluice::soak {
namespace {

// What the allocator's arenas breathe under a load that is drawn at random stays below it. At 80 calls a second a leak
// of 1 KiB a call makes 24 MiB in five minutes. Shorter runs are a quick look: the breath has no time to even out.
[[maybe_unused]] double MaxRssGrowthMib(int64_t ran_ms) { return ran_ms >= 280'000 ? 8 : 16; }

// Descriptors that are made once, at their first use, by the engines.
constexpr int kFdSlack = 4;

std::vector<double> Rss(std::vector<Sample>::const_iterator from, std::vector<Sample>::const_iterator to) {
  std::vector<double> values;
  for (; from != to; ++from) values.push_back(from->rss_mib);
  return values;
}

// The lower quartile: a leak lifts the floor, a burst does not.
double Low(std::vector<double> values) {
  const auto at = values.begin() + static_cast<ptrdiff_t>(values.size() / 4);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void PrintRow(const char* name, const std::vector<Sample>& samples, double (*value)(const Sample&)) {
  std::vector<double> values;
  for (const Sample& sample : samples) values.push_back(value(sample));
  if (values.empty()) return;
  const auto quarter = static_cast<ptrdiff_t>(std::max<size_t>(1, values.size() / 4));
  std::printf("  %-28s %9.1f %9.1f %9.1f %9.1f\n", name, Median({values.begin(), values.begin() + quarter}),
              Median({values.end() - quarter, values.end()}), *std::min_element(values.begin(), values.end()),
              *std::max_element(values.begin(), values.end()));
}

int64_t Percentile(std::vector<int64_t> values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

std::vector<Sample> WithoutWarmUp(const std::vector<Sample>& samples) {
  return {samples.begin() + static_cast<ptrdiff_t>(samples.size() / 5), samples.end()};
}

double RssGrowthMib(const std::vector<Sample>& samples) {
  const std::vector<Sample> warm = WithoutWarmUp(samples);
  const auto quarter = static_cast<ptrdiff_t>(std::max<size_t>(1, warm.size() / 4));
  if (warm.empty()) return 0;
  return Low(Rss(warm.end() - quarter, warm.end())) - Low(Rss(warm.begin(), warm.begin() + quarter));
}

void Judge(const History& history, Ledger* ledger) {
  const Sample& settled = history.settled;
  if (!settled.answered || history.samples.empty()) return ledger->Breach("the gateway does not answer", "");
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  const double growth = RssGrowthMib(history.samples);
  const double limit = MaxRssGrowthMib(history.samples.back().at_ms - history.samples.front().at_ms);
  if (growth > limit) ledger->Breach("resident memory grows", absl::StrCat("by ", growth, " MiB, more than ", limit));
#endif
  if (settled.open != 0) ledger->Breach("calls left open", absl::StrCat(settled.open));
  if (settled.in_use != 0) ledger->Breach("upstream connections left in use", absl::StrCat(settled.in_use));
  if (settled.waiting != 0) ledger->Breach("calls left waiting for a connection", absl::StrCat(settled.waiting));
  const int fds = settled.fds - settled.idle, before = history.idle.fds - history.idle.idle;
  if (fds > before + kFdSlack) {
    ledger->Breach("file descriptors left open", absl::StrCat(fds, " after the load, ", before, " before it"));
  }
  if (history.reloads_asked > 0 && settled.reloads == 0) ledger->Breach("no reload happened", "");
  if (settled.failed_reloads != 0) ledger->Breach("reload refused", absl::StrCat(settled.failed_reloads));
  if (history.exit_status != 0) ledger->Breach("exit status", absl::StrCat(history.exit_status));
}

void PrintReport(const History& history, const Ledger& ledger, const Upstream& upstream) {
  const std::vector<Sample> warm = WithoutWarmUp(history.samples);
  std::printf("\nafter the warm-up            first qtr  last qtr       min       max\n");
  PrintRow("resident memory, MiB", warm, [](const Sample& s) { return s.rss_mib; });
  PrintRow("file descriptors", warm, [](const Sample& s) { return static_cast<double>(s.fds); });
  PrintRow("threads", warm, [](const Sample& s) { return static_cast<double>(s.threads); });
  PrintRow("open calls", warm, [](const Sample& s) { return static_cast<double>(s.open); });
  PrintRow("upstream connections, in use", warm, [](const Sample& s) { return static_cast<double>(s.in_use); });
  PrintRow("upstream connections, idle", warm, [](const Sample& s) { return static_cast<double>(s.idle); });
  const Sample& before = history.idle;
  const Sample& after = history.settled;
  std::printf("  idle before: %.1f MiB, %d descriptors, %d threads, %d idle connections\n", before.rss_mib, before.fds,
              before.threads, before.idle);
  std::printf("  idle after:  %.1f MiB, %d descriptors, %d threads, %d idle connections, %d open calls\n",
              after.rss_mib, after.fds, after.threads, after.idle, after.open);

  const Upstream::Counts counts = upstream.counts();
  const auto lags = upstream.close_lags();
  std::printf(
      "calls: %lld; deltas received: %lld; upstream: %lld requests on %lld connections, %lld of them gone stale\n",
      static_cast<long long>(ledger.begun()), static_cast<long long>(ledger.deltas),
      static_cast<long long>(counts.requests), static_cast<long long>(counts.accepted),
      static_cast<long long>(counts.stale));
  std::printf(
      "unfinished answers closed by the gateway: %zu, after the caller's end by p50 %lld, p99 %lld, at most %lld ms\n",
      lags.size(), static_cast<long long>(Percentile(lags, 0.5)), static_cast<long long>(Percentile(lags, 0.99)),
      static_cast<long long>(Percentile(lags, 1)));
  std::printf("reloads: %lld; pauses of upstreams: %lld\n", static_cast<long long>(after.reloads),
              static_cast<long long>(after.pauses));
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  std::printf("CPU: gateway %.1f s, callers and upstream %.1f s\n", after.cpu_seconds - before.cpu_seconds,
              static_cast<double>(own.ru_utime.tv_sec + own.ru_stime.tv_sec));
  std::printf("ends:\n");
  for (const auto& [what, count] : ledger.ends())
    std::printf("  %8lld  %s\n", static_cast<long long>(count), what.c_str());
  std::printf("resident memory grew by %.1f MiB\n", RssGrowthMib(history.samples));
  for (const auto& [kind, count] : ledger.breaches()) {
    std::printf("BREACH: %s: %lld\n", kind.c_str(), static_cast<long long>(count));
  }
  if (ledger.breaches().empty()) std::printf("clean: nothing lost, doubled, invented or left behind\n");
}

}  // namespace sluice::soak
