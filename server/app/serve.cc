#include "server/app/serve.h"

#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/app/gateway.h"
#include "server/app/process.h"
#include "server/config/environment.h"
#include "server/config/loader.h"
#include "server/config/watcher.h"
#include "server/demo/upstream.h"
#include "server/dialect/codec.h"
#include "server/telemetry/log.h"

namespace sluice::app {
namespace {

using Loaded = absl::StatusOr<config::SnapshotPtr>;

std::vector<std::string> Dialects() {
  std::vector<std::string> names;
  for (const absl::string_view name : dialect::CodecNames()) names.emplace_back(name);
  return names;
}

absl::StatusOr<config::Environment> MakeEnvironment(const Flags& flags) {
  config::Environment environment = config::ProcessEnvironment();
  if (flags.env_file.empty()) return environment;
  auto text = environment.read_file(flags.env_file);
  if (!text.ok()) return absl::InvalidArgumentError(absl::StrCat(flags.env_file, ": ", text.status().message()));
  auto variables = config::ParseEnvFile(*text, flags.env_file);
  if (!variables.ok()) return variables.status();
  return config::WithFallback(std::move(environment), *std::move(variables));
}

// Reads everything anew, so that a reload sees a changed env file too.
Loaded Load(const Flags& flags) {
  auto environment = MakeEnvironment(flags);
  if (!environment.ok()) return environment.status();
  if (flags.config.empty()) return config::LoadEnvironment(*environment, Dialects());
  return config::LoadFile(flags.config, *environment, Dialects());
}

// The demo goes the way production goes: an HTTPS upstream with a key and an authority of its own, in a configuration.
Loaded LoadDemo(const Flags& flags, const demo::DemoUpstream& upstream) {
  config::Environment environment;
  environment.variable = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "SLUICE_DEMO_KEY") return upstream.api_key();
    return std::nullopt;
  };
  environment.read_file = config::ProcessEnvironment().read_file;
  const std::string yaml =
      absl::StrCat("listen: {grpc: {address: \"", flags.grpc_address, "\"}, ops: \"", flags.ops_address,
                   "\"}\nupstreams:\n  demo: {dialect: openai, base_url: \"", upstream.base_url(),
                   "\", api_key: \"${SLUICE_DEMO_KEY}\"}\ndefault_model: demo\n");
  Loaded loaded = config::LoadText(yaml, "--demo", environment, Dialects());
  if (!loaded.ok()) return loaded;
  auto snapshot = std::make_shared<config::Snapshot>(**loaded);
  snapshot->upstreams.front().ca_pem = upstream.ca_pem();
  return snapshot;
}

// Reloads on a signal and on a change of the files; what is watched follows each new configuration.
class Reloader {
 public:
  Reloader(Gateway* gateway, std::function<Loaded()> load) : gateway_(gateway), load_(std::move(load)) {}

  void Watch(const std::vector<config::SourceFile>& files) {
    auto started = config::Watcher::Start(files, [this] { Reload(); });
    if (!started.ok()) {
      telemetry::Log(telemetry::Level::kWarning, "files are not watched: send SIGHUP to reload",
                     {{"error", std::string(started.status().message())}});
      return;
    }
    const std::lock_guard lock(mutex_);
    watcher_ = *std::move(started);
  }

  void Reload() {
    const Loaded next = load_();
    gateway_->Reload(next);
    const std::lock_guard lock(mutex_);
    if (next.ok() && watcher_ != nullptr) watcher_->Watch((*next)->files);
  }

 private:
  Gateway* const gateway_;
  const std::function<Loaded()> load_;
  std::mutex mutex_;
  std::unique_ptr<config::Watcher> watcher_;
};

bool WritePorts(const std::string& path, const Gateway& gateway) {
  if (path.empty()) return true;
  std::ofstream out(path);
  out << "grpc=" << gateway.grpc_port() << "\nops=" << gateway.ops_port() << "\n";
  out.close();
  return out.good();
}

int Refuse(const absl::Status& status) {
  std::cerr << status.message() << std::endl;
  return 1;
}

}  // namespace

int CheckConfig(const Flags& flags) {
  const Loaded loaded = Load(flags);
  if (!loaded.ok()) return Refuse(loaded.status());
  std::cout << config::Describe(**loaded) << std::endl;
  return 0;
}

int Serve(const Flags& flags) {
  PrepareDescriptors();
  BlockSignals();

  std::unique_ptr<demo::DemoUpstream> upstream;
  if (flags.demo) {
    auto started = demo::DemoUpstream::Start();
    if (!started.ok()) return Refuse(started.status());
    upstream = *std::move(started);
  }
  const auto load = [&] { return upstream == nullptr ? Load(flags) : LoadDemo(flags, *upstream); };
  const Loaded loaded = load();
  if (!loaded.ok()) return Refuse(loaded.status());

  auto gateway = Gateway::Start(*loaded);
  if (!gateway.ok()) return Refuse(gateway.status());

  Reloader reloader(gateway->get(), load);
  if (!flags.config.empty()) reloader.Watch((*loaded)->files);
  if (!WritePorts(flags.ports_file, **gateway)) {
    return Refuse(absl::InternalError(absl::StrCat("cannot write --ports-file ", flags.ports_file)));
  }
  ServeUntilTerminated([&] { reloader.Reload(); }, [&] { (*gateway)->Drain(); });
  return 0;
}

}  // namespace sluice::app
