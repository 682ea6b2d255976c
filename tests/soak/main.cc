// Holds a real gateway under mixed load for as long as asked and looks for anything that grows or gets lost.
// usage: soak [SECONDS [SEED [CALLERS]]]; ends with 0 when clean, 1 on any breach, 2 when it could not run.

#include <grpcpp/create_channel.h>
#include <signal.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/process.h"
#include "tests/soak/caller.h"
#include "tests/soak/report.h"

namespace sluice::soak {
namespace {

using integration::GatewayProcess;
using integration::TempDir;

constexpr int64_t kReloadEveryMs = 10'000;
constexpr int64_t kLineEveryMs = 30'000;
constexpr int kChannels = 4;

struct Plan {
  int seconds = 60;
  uint64_t seed = std::random_device()();
  int callers = 200;
};

// Two configurations that mean the same to every call, so that only the reload itself could disturb one.
std::string Configuration(const Upstream& upstream, const std::string& ca_file, bool second) {
  std::string text = absl::StrCat(
      "listen: {grpc: {address: \"127.0.0.1:0\"}, ops: \"127.0.0.1:0\"}\n"
      "engines: 2\n"
      "log: {level: warning}\n"
      "limits: {caller_stall: 2s, drain: 20s}\n"
      "routes:\n  - {models: [plain], upstream: plain, model: m}\n  - {models: [tls], upstream: tls, model: m}\n"
      "upstreams:\n");
  for (const bool tls : {false, true}) {
    absl::StrAppend(&text, tls ? "  tls:" : "  plain:", "\n    dialect: openai\n    base_url: \"", upstream.Url(tls),
                    "\"\n    ca_file: \"", ca_file, "\"\n    headers: {X-Variant: \"", second ? "b" : "a",
                    "\"}\n    timeouts: {first_byte: 3s, first_output: 4s, idle: ", second ? 3001 : 3000,
                    "ms, total: 120s}\n    pool: {connections: 500, idle: 8, idle_expiry: 5s}\n");
  }
  return text;
}

class Soak {
 public:
  explicit Soak(const Plan& plan) : plan_(plan), upstream_(&ledger_) {
    const std::string ca_file = dir_.Write("ca.pem", upstream_.ca_pem());
    for (const bool second : {false, true}) texts_[second ? 1 : 0] = Configuration(upstream_, ca_file, second);
    config_ = dir_.Write("sluice.yaml", texts_[0]);
    gateway_ = std::make_unique<GatewayProcess>(dir_, config_, std::map<std::string, std::string>{});
  }

  int Go() {
    if (gateway_->grpc_port == 0) {
      std::fprintf(stderr, "the gateway did not start:\n%s", gateway_->process.output().c_str());
      return 2;
    }
    std::printf("soak of %d s with %d callers, seed %llu\n", plan_.seconds, plan_.callers,
                static_cast<unsigned long long>(plan_.seed));
    Settle(&history_.idle);
    Load();
    Settle(&history_.settled);
    gateway_->process.Signal(SIGTERM);
    history_.exit_status = gateway_->process.Wait();
    Judge(history_, &ledger_);
    PrintReport(history_, ledger_, upstream_);
    if (ledger_.breaches().empty()) return 0;
    const std::string log = gateway_->process.output();
    std::printf("the gateway's last words:\n%s\n", log.substr(log.size() - std::min<size_t>(log.size(), 3000)).c_str());
    return 1;
  }

 private:
  Sample Look() const { return TakeSample(gateway_->ops_port, gateway_->process.pid()); }

  // Until nothing is under way and idle connections have expired, for half a minute at most.
  void Settle(Sample* sample) {
    for (int i = 0; i < 60; ++i) {
      *sample = Look();
      const bool quiet = sample->open == 0 && sample->in_use == 0 && sample->waiting == 0 && sample->idle == 0;
      if (!sample->answered || quiet) return;
      clock_.For(Milliseconds(500));
    }
  }

  void Load() {
    std::vector<Client> clients;
    for (int i = 0; i < kChannels; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection each, instead of one for all
      arguments.SetMaxReceiveMessageSize(-1);
      clients.emplace_back(grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", gateway_->grpc_port),
                                                     grpc::InsecureChannelCredentials(), arguments));
    }
    Pause pause;
    Canceller canceller;
    std::vector<std::thread> callers;
    for (int i = 0; i < plan_.callers; ++i) {
      const uint64_t seed = plan_.seed * 1000 + static_cast<uint64_t>(i);
      callers.emplace_back([&, seed] { Caller(&ledger_, &canceller, &pause, seed).Run(clients); });
    }
    Watch();
    pause.End();
    for (std::thread& caller : callers) caller.join();
  }

  // Samples, prints and reloads until the time is up or the gateway is gone.
  void Watch() {
    const int64_t begin = NowMs(), end = begin + plan_.seconds * 1000;
    const int64_t every = std::clamp<int64_t>(plan_.seconds * 1000 / 60, 500, 5000);
    int64_t next_reload = begin + kReloadEveryMs, next_line = begin + kLineEveryMs;
    while (NowMs() < end) {
      clock_.For(Milliseconds(every));
      history_.samples.push_back(Look());
      if (!history_.samples.back().answered) return;
      if (NowMs() >= next_reload) {
        next_reload += kReloadEveryMs;
        Reload(++history_.reloads_asked);
      }
      if (NowMs() >= next_line) {
        next_line += kLineEveryMs;
        PrintLine((NowMs() - begin) / 1000);
      }
    }
  }

  void Reload(int number) {
    // Swapped in whole, as deployments do.
    const std::string fresh = dir_.Write("sluice.yaml.new", texts_[number % 2]);
    std::rename(fresh.c_str(), config_.c_str());
    gateway_->process.Signal(SIGHUP);
  }

  void PrintLine(int64_t seconds) const {
    const Sample& sample = history_.samples.back();
    int64_t breaches = 0;
    for (const auto& [kind, count] : ledger_.breaches()) breaches += count;
    std::printf(
        "%5lld s: %lld calls, %lld deltas, %d open, %.1f MiB, %d fds, %d threads, upstream %d in use %d idle, "
        "gateway %.0f s CPU, %lld breaches\n",
        static_cast<long long>(seconds), static_cast<long long>(ledger_.begun()),
        static_cast<long long>(ledger_.deltas), sample.open, sample.rss_mib, sample.fds, sample.threads, sample.in_use,
        sample.idle, sample.cpu_seconds, static_cast<long long>(breaches));
    std::fflush(stdout);
  }

  const Plan plan_;
  Ledger ledger_;
  Upstream upstream_;
  TempDir dir_;
  std::string texts_[2];
  std::string config_;
  std::unique_ptr<GatewayProcess> gateway_;
  Pause clock_;
  History history_;
};

int Run(int argc, char** argv) {
  Plan plan;
  const bool ok = (argc < 2 || absl::SimpleAtoi(argv[1], &plan.seconds)) &&
                  (argc < 3 || absl::SimpleAtoi(argv[2], &plan.seed)) &&
                  (argc < 4 || absl::SimpleAtoi(argv[3], &plan.callers)) && argc <= 4;
  if (!ok || plan.seconds < 1 || plan.callers < 1) {
    std::fprintf(stderr, "usage: soak [SECONDS [SEED [CALLERS]]]\n");
    return 2;
  }
  return Soak(plan).Go();
}

}  // namespace
}  // namespace sluice::soak

int main(int argc, char** argv) { return sluice::soak::Run(argc, argv); }
